//! Random sequences in which one token does its worst: it lies, reverts, burns gas, takes a fee, refuses
//! accounts, changes balances, is a provider itself, and calls both contracts from within its transfers.
//! The native token and another, honest one lose nothing by it, to the last unit.

use crate::{
    story::{Happened, Step, Story, tell},
    world::{
        ANYONE, CHALLENGER, CONTRIBUTORS, Cited, DAY, MODEL_POLICY, NATIVE, OWNER, PROVIDER,
        REQUESTER, TOKEN, TestToken, USER_POLICY, World, ether, mode, test_code,
    },
};
use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::SolCall;
use assay_chainspec::predeploys::{DATANETS, INFERENCE};
use assay_precompiles::contracts::{IDatanets, IInference};

const HONEST: Address = Address::repeat_byte(0x71);
/// What is whole.
const WHOLE: [Address; 2] = [NATIVE, HONEST];
const AWAY: Address = Address::repeat_byte(0xaa);
const TOKENS_SESSION: B256 = B256::repeat_byte(0x57);
const ACCOUNTS: [Address; 8] = [
    OWNER,
    PROVIDER,
    REQUESTER,
    CHALLENGER,
    CONTRIBUTORS[0],
    CONTRIBUTORS[1],
    CONTRIBUTORS[2],
    TOKEN,
];

struct Asked {
    id: B256,
    settlement: IInference::Settlement,
    cited: Option<Cited>,
}

struct Hostile {
    world: World,
    asked: Vec<Asked>,
    totals: [U256; 2],
    happened: Happened,
}

impl Story for Hostile {
    fn new() -> Self {
        let mut world = World::new();
        world.chain.set_code(HONEST, test_code("TestToken"));
        world.tell(HONEST, &TestToken::mintCall { to: REQUESTER, amount: ether(1_000) });
        let approve = TestToken::approveCall { spender: INFERENCE, amount: U256::MAX };
        world.chain.send(REQUESTER, HONEST, &approve).ok();
        // The token is a provider of its own, under the same key.
        let key = world.key.clone();
        world.open_session(TOKENS_SESSION, TOKEN, &key);
        for policy in [MODEL_POLICY, USER_POLICY] {
            world.set_live(TOKENS_SESSION, policy, true);
        }
        let mut story =
            Self { world, asked: Vec::new(), totals: [U256::ZERO; 2], happened: Happened::new() };
        story.totals = WHOLE.map(|token| story.total(token));
        story
    }

    fn step(&mut self, (what, which, how): Step) {
        let token = [NATIVE, HONEST, TOKEN][usize::from(how % 3)];
        match what % 16 {
            0..=2 => self.request(token, which, how),
            3 | 4 => self.settle(which),
            5 => self.settle_many(which),
            6 | 7 => self.leave(which, token),
            8 => self.end_one(which, how),
            9 => self.world.chain.advance([1, 500, DAY / 2, DAY, 20 * DAY][usize::from(which % 5)]),
            10 | 11 => self.misbehave(which, how),
            12..=14 => {
                let (target, data) = self.call_back(which, how);
                let call = TestToken::setReentryCall { target, data };
                self.world.tell(TOKEN, &call);
                // On its way into Inference, or by itself.
                if how & 16 == 0 {
                    self.world.set_mode(mode::TRUE);
                    self.request(TOKEN, which, how);
                } else {
                    let call = TestToken::transferCall { to: AWAY, amount: U256::ZERO };
                    let _ = self.world.chain.send(ANYONE, TOKEN, &call);
                }
            }
            _ => {
                let fee = U256::from([0u16, 1, 5_000, 10_000][usize::from(which % 4)]);
                self.world.tell(TOKEN, &TestToken::setFeeCall { fee });
            }
        }
        // How a call out of the token's transfer ended.
        let reentry = self.world.chain.call(TOKEN, &TestToken::reentryCall {});
        self.happened("called back and refused", reentry == U256::from(1));
        self.happened("called back", reentry == U256::from(2));
    }

    /// What each contract holds of what is whole is what it owes.
    fn audit(&self) {
        for (token, total) in WHOLE.into_iter().zip(self.totals) {
            let (mut escrows, mut pools) = (U256::ZERO, U256::ZERO);
            for asked in &self.asked {
                let request = self.world.request_of(asked.id);
                if request.token == token && request.state == IInference::State::Open {
                    escrows += request.escrow;
                }
                let credit = self.world.credit_of(asked.id);
                let challenged = credit.state == IDatanets::State::Challenged;
                if request.token == token
                    && (challenged || credit.state == IDatanets::State::Waiting)
                {
                    pools += credit.pool;
                }
                if challenged && token == NATIVE {
                    pools += ether(1) / U256::from(100);
                }
            }
            let owed: U256 = ACCOUNTS.iter().map(|account| self.world.owed(token, *account)).sum();
            let due: U256 = ACCOUNTS.iter().map(|account| self.world.due(token, *account)).sum();
            assert_eq!(self.world.has(token, INFERENCE), escrows + owed, "Inference, {token}");
            assert_eq!(self.world.has(token, DATANETS), pools + due, "Datanets, {token}");
            assert_eq!(self.total(token), total, "all of {token}");
        }
    }

    /// Whatever the token does at the end, everybody leaves with the rest.
    fn end(mut self) -> Happened {
        self.audit();
        self.world.chain.advance(100 * DAY);
        for index in 0..self.asked.len() {
            for how in [0, 4, 2] {
                self.end_one(index as u16, how);
            }
        }
        for account in ACCOUNTS {
            for token in WHOLE {
                let withdraw = IInference::withdrawCall { token, to: AWAY };
                let claim = IDatanets::claimCall { token, to: AWAY };
                if account == TOKEN {
                    // It has code, and withdraws from within a transfer alone.
                    self.world.set_mode(mode::TRUE);
                    self.world.tell(TOKEN, &TestToken::setFeeCall { fee: U256::ZERO });
                    for (target, data) in
                        [(INFERENCE, withdraw.abi_encode()), (DATANETS, claim.abi_encode())]
                    {
                        let call = TestToken::setReentryCall { target, data: data.into() };
                        self.world.tell(TOKEN, &call);
                        let call = TestToken::transferCall { to: AWAY, amount: U256::ZERO };
                        self.world.chain.send(ANYONE, TOKEN, &call).ok();
                    }
                } else {
                    let _ = self.world.chain.send(account, INFERENCE, &withdraw);
                    let _ = self.world.chain.send(account, DATANETS, &claim);
                }
            }
        }
        self.audit();
        for token in WHOLE {
            for contract in [INFERENCE, DATANETS] {
                assert_eq!(self.world.has(token, contract), U256::ZERO, "dust of {token}");
            }
        }
        self.happened
    }
}

impl Hostile {
    fn happened(&mut self, what: &'static str, done: bool) {
        *self.happened.entry(what).or_default() += usize::from(done);
    }

    fn pick(&self, which: u16) -> Option<&Asked> {
        self.asked.get(usize::from(which) % self.asked.len().max(1))
    }

    fn request(&mut self, token: Address, which: u16, how: u16) {
        let amount = U256::from(which) * U256::from(999_983);
        let call = self.world.request_call(token, amount);
        let Ok(sent) = self.world.send_request(&call).result else { return };
        let id = sent.returned::<IInference::requestCall>();
        let cited = (!how.is_multiple_of(4)).then(|| self.world.cited());
        let escrow = self.world.request_of(id).escrow;
        let mut receipt = self.world.receipt(id, escrow / U256::from(how % 3 + 1), cited.as_ref());
        if how & 8 == 0 {
            receipt.provider = TOKEN;
        }
        let by_token = receipt.provider == TOKEN;
        let mut settlement = self.world.sign(receipt);
        if by_token {
            settlement.sessionId = TOKENS_SESSION;
        }
        self.asked.push(Asked { id, settlement, cited });
    }

    fn settle(&mut self, which: u16) {
        let Some(asked) = self.pick(which) else { return };
        let settlement = asked.settlement.clone();
        let done = self.world.settle(settlement).is_ok();
        self.happened("settled", done);
    }

    fn settle_many(&mut self, which: u16) {
        let settlements: Vec<_> = (which..which.saturating_add(4))
            .filter_map(|which| Some(self.pick(which)?.settlement.clone()))
            .collect();
        let count = settlements.len();
        let call = IInference::settleManyCall { settlements, gasPerItem: U256::from(900_000) };
        let sent = self.world.chain.send(ANYONE, INFERENCE, &call).ok();
        // A token that calls back may have settled one of them, or the same is there twice.
        let settled = sent.events::<IInference::Settled>(INFERENCE).len();
        let failed = sent.events::<IInference::SettlementFailed>(INFERENCE).len();
        assert_eq!(settled + failed, count);
        self.happened("settled in a batch", settled != 0);
    }

    /// An account takes what it has.
    fn leave(&mut self, which: u16, token: Address) {
        let account = ACCOUNTS[usize::from(which) % (ACCOUNTS.len() - 1)];
        let withdraw = IInference::withdrawCall { token, to: AWAY };
        let claim = IDatanets::claimCall { token, to: AWAY };
        let done = self.world.chain.send(account, INFERENCE, &withdraw).is_ok()
            | self.world.chain.send(account, DATANETS, &claim).is_ok();
        self.happened("left", done);
    }

    /// One of the ends of a request or of its credit.
    fn end_one(&mut self, which: u16, how: u16) {
        let Some(asked) = self.pick(which) else { return };
        let (id, cited) = (asked.id, asked.cited.clone());
        let chain = &mut self.world.chain;
        let done = match (how % 5, cited) {
            (0, _) => {
                chain.send(ANYONE, INFERENCE, &IInference::refundCall { requestId: id }).is_ok()
            }
            (1, _) => {
                let bond = ether(1) / U256::from(100);
                let call = IDatanets::challengeCall { requestId: id };
                chain.pay(CHALLENGER, DATANETS, bond, &call).is_ok()
            }
            (2, _) => {
                chain.send(ANYONE, DATANETS, &IDatanets::voidCreditCall { requestId: id }).is_ok()
            }
            (3, Some(cited)) => chain.send(PROVIDER, DATANETS, &cited.prove(id)).is_ok(),
            (_, Some(cited)) => chain.send(ANYONE, DATANETS, &cited.distribute(id)).is_ok(),
            _ => false,
        };
        self.happened("ended", done);
    }

    fn misbehave(&mut self, which: u16, how: u16) {
        let account = [INFERENCE, DATANETS, REQUESTER, PROVIDER][usize::from(which % 4)];
        match how % 4 {
            0 => {
                let half = self.world.has(TOKEN, account) / U256::from(2);
                self.world.tell(TOKEN, &TestToken::burnCall { from: account, amount: half });
            }
            1 => {
                let amount = ether(u64::from(which));
                self.world.tell(TOKEN, &TestToken::mintCall { to: account, amount });
            }
            2 => {
                self.world.tell(TOKEN, &TestToken::refuseCall { account });
            }
            _ => self.world.set_mode((which % u16::from(mode::LIE + 1)) as u8),
        }
    }

    /// A call that the token is to make from within its next transfers.
    fn call_back(&self, which: u16, how: u16) -> (Address, Bytes) {
        let token = [NATIVE, HONEST, TOKEN][usize::from(which % 3)];
        let withdraw = IInference::withdrawCall { token, to: AWAY }.abi_encode();
        let claim = IDatanets::claimCall { token, to: AWAY }.abi_encode();
        let (target, data) = match (how % 7, self.pick(which)) {
            (1, _) => (DATANETS, claim),
            (2, Some(asked)) => {
                let settlement = asked.settlement.clone();
                (INFERENCE, IInference::settleCall { settlement }.abi_encode())
            }
            (3, Some(asked)) => {
                (INFERENCE, IInference::refundCall { requestId: asked.id }.abi_encode())
            }
            (4, Some(asked)) => {
                (DATANETS, IDatanets::voidCreditCall { requestId: asked.id }.abi_encode())
            }
            (5, Some(Asked { id, cited: Some(cited), .. })) => {
                (DATANETS, cited.distribute(*id).abi_encode())
            }
            (6, Some(Asked { id, cited: Some(cited), .. })) => {
                (DATANETS, cited.prove(*id).abi_encode())
            }
            _ => (INFERENCE, withdraw),
        };
        (target, data.into())
    }

    fn total(&self, token: Address) -> U256 {
        ACCOUNTS
            .iter()
            .chain(&[INFERENCE, DATANETS, AWAY])
            .map(|account| self.world.has(token, *account))
            .sum()
    }
}

/// `ASSAY_MUTATIONS` sets how many stories are told; 8 by default.
#[test]
fn a_hostile_token_harms_nobody_elses_money() {
    let happened = tell::<Hostile>(8, 1004, 60..120);
    println!("{happened:?}");
    assert_eq!(happened.len(), 6);
    assert!(happened.values().all(|count| *count > 3), "{happened:?}");
}
