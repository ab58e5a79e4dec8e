//! Random sequences of everything that moves money: what came in is what went out and what is
//! held, for each token; a receipt is paid once, under a live session; nothing is left at the end.

use crate::{
    harness::Success,
    story::{Happened, Step, Story, tell},
    world::{
        ANYONE, CHALLENGER, CONTRIBUTORS, Cited, DAY, MODEL_POLICY, NATIVE, OWNER, PROVIDER,
        REQUESTER, SESSION, TOKEN, TestToken, USER_POLICY, World, ether, mode,
    },
};
use alloy_primitives::{Address, B256, U256};
use assay_chainspec::predeploys::{DATANETS, INFERENCE};
use assay_precompiles::contracts::{IDatanets, IInference};
use std::collections::BTreeSet;

const TOKENS: [Address; 2] = [NATIVE, TOKEN];
const ACCOUNTS: [Address; 7] =
    [OWNER, PROVIDER, REQUESTER, CHALLENGER, CONTRIBUTORS[0], CONTRIBUTORS[1], CONTRIBUTORS[2]];
/// Where withdrawals and claims go, so that accounts' own balances change by requests alone.
const AWAY: Address = Address::repeat_byte(0xaa);

/// A request and what the test knows of it.
struct Asked {
    id: B256,
    token: Address,
    escrow: U256,
    open: bool,
    settlement: IInference::Settlement,
    cited: Option<Cited>,
}

struct Money {
    world: World,
    asked: Vec<Asked>,
    live: bool,
    settled: BTreeSet<B256>,
    /// Units of TOKEN that its fee took on the way from account to account.
    burnt: U256,
    fee: u64,
    bond: U256,
    /// How often each thing happened.
    happened: Happened,
}

impl Story for Money {
    fn new() -> Self {
        Self {
            world: World::new(),
            asked: Vec::new(),
            live: true,
            settled: BTreeSet::new(),
            burnt: U256::ZERO,
            fee: 0,
            bond: ether(1) / U256::from(100),
            happened: Happened::new(),
        }
    }

    fn step(&mut self, (what, which, how): Step) {
        let which = usize::from(which);
        let token = TOKENS[usize::from(how & 1)];
        match what % 18 {
            0..=3 => self.request(token, how),
            4 | 5 => self.settle(which),
            6 | 7 => self.settle_many(which, usize::from(how % 5)),
            8 => self.refund(which),
            9 => self.leave(which, token),
            10 => self.world.chain.advance([1, 100, 500, DAY / 2, 10 * DAY][which % 5]),
            11 => self.distribute(which),
            12 => self.challenge(which),
            13 => self.prove(which, how & 2 == 0),
            14 => self.void(which),
            15 => {
                self.live = how & 3 != 0;
                let policy = if how & 4 == 0 { MODEL_POLICY } else { USER_POLICY };
                self.world.set_live(SESSION, policy, self.live);
                if self.live {
                    self.world.set_live(SESSION, MODEL_POLICY, true);
                    self.world.set_live(SESSION, USER_POLICY, true);
                }
            }
            16 => {
                self.fee = [0, 0, 1, 77, 5_000][which % 5];
                self.world.tell(TOKEN, &TestToken::setFeeCall { fee: U256::from(self.fee) });
            }
            _ => {
                let answers = [mode::TRUE, mode::SILENT, mode::FALSE, mode::REVERT, mode::BOMB];
                self.world.set_mode(answers[which % 5]);
            }
        }
    }

    /// What each contract holds is what it owes.
    fn audit(&self) {
        for token in TOKENS {
            let escrows: U256 = self
                .asked
                .iter()
                .filter(|asked| asked.open && asked.token == token)
                .map(|asked| asked.escrow)
                .sum();
            let owed: U256 = ACCOUNTS.iter().map(|account| self.world.owed(token, *account)).sum();
            assert_eq!(self.world.has(token, INFERENCE), escrows + owed, "Inference, {token}");

            let mut pools = U256::ZERO;
            for asked in &self.asked {
                let credit = self.world.credit_of(asked.id);
                let challenged = credit.state == IDatanets::State::Challenged;
                let held = challenged || credit.state == IDatanets::State::Waiting;
                if held && asked.token == token {
                    pools += credit.pool;
                }
                if challenged && token == NATIVE {
                    pools += self.bond;
                }
            }
            let due: U256 = ACCOUNTS.iter().map(|account| self.world.due(token, *account)).sum();
            assert_eq!(self.world.has(token, DATANETS), pools + due, "Datanets, {token}");

            let everybody = ACCOUNTS.iter().chain(&[INFERENCE, DATANETS, AWAY]);
            let total: U256 = everybody.map(|account| self.world.has(token, *account)).sum();
            let burnt = if token == TOKEN { self.burnt } else { U256::ZERO };
            let minted = if token == TOKEN { ether(1_000) } else { ether(4_000) };
            assert_eq!(total + burnt, minted, "all of {token}");
        }
    }

    /// Everything ends and everybody leaves: the contracts are empty.
    fn end(mut self) -> Happened {
        self.world.set_mode(mode::TRUE);
        self.world.chain.advance(100 * DAY);
        for index in 0..self.asked.len() {
            self.refund(index);
            self.distribute(index);
            self.void(index);
        }
        self.audit();
        for account in 0..ACCOUNTS.len() {
            for token in TOKENS {
                self.leave(account, token);
            }
        }
        self.audit();
        for token in TOKENS {
            for contract in [INFERENCE, DATANETS] {
                assert_eq!(self.world.has(token, contract), U256::ZERO, "dust of {token}");
            }
        }
        assert!(self.asked.iter().all(|asked| !asked.open));
        self.happened
    }
}

impl Money {
    /// A request, with the receipt that a provider would give now, or a wrong one.
    fn request(&mut self, token: Address, how: u16) {
        let amount = U256::from(how) * U256::from(1_000_003) + U256::from(1);
        let before = self.world.has(token, INFERENCE);
        let call = self.world.request_call(token, amount);
        let Ok(sent) = self.world.send_request(&call).result else { return };
        let id = sent.returned::<IInference::requestCall>();
        let escrow = self.world.has(token, INFERENCE) - before;
        self.burnt += amount - escrow;
        let cited = match how % 4 {
            0 => None,
            // Documents of all three contributors, some without a token.
            1 => Some(self.world.cite(&[(0, 1), (5, u32::from(how % 3)), (9, 2)])),
            2 => Some(self.world.cited()),
            // What nobody can open.
            _ => {
                let mut cited = self.world.cited();
                cited.attribution.logSize = 3;
                Some(cited)
            }
        };
        let price = match how % 7 {
            0 => escrow + U256::ONE,
            1 => U256::ZERO,
            2 | 3 => escrow,
            _ => escrow * U256::from(how) / U256::from(u16::MAX),
        };
        let mut receipt = self.world.receipt(id, price, cited.as_ref());
        if how.is_multiple_of(11) {
            receipt.nonce = 1;
        }
        let mut settlement = self.world.sign(receipt);
        if how.is_multiple_of(13) {
            settlement.receipt.time -= 1;
        }
        self.asked.push(Asked { id, token, escrow, open: true, settlement, cited });
    }

    fn pick(&self, which: usize) -> Option<usize> {
        (!self.asked.is_empty()).then(|| which % self.asked.len())
    }

    fn happened(&mut self, what: &'static str, count: usize) {
        *self.happened.entry(what).or_default() += count;
    }

    /// What the events say was settled: each once, under a live session, with the right split.
    fn note(&mut self, sent: &Success) {
        for settled in sent.events::<IInference::Settled>(INFERENCE) {
            assert!(self.live, "settled under a dead session");
            assert!(self.settled.insert(settled.requestId), "settled twice");
            let asked =
                self.asked.iter_mut().find(|asked| asked.id == settled.requestId).expect("asked");
            assert!(asked.open, "settled after its end");
            asked.open = false;
            assert!(settled.receipt.price <= asked.escrow);
            let paid: U256 = sent
                .events::<IInference::Paid>(INFERENCE)
                .iter()
                .filter(|paid| paid.requestId == asked.id)
                .map(|paid| paid.amount)
                .sum();
            let share = asked.escrow - paid;
            let pool: U256 = sent
                .events::<IDatanets::Credited>(DATANETS)
                .iter()
                .filter(|credited| credited.requestId == asked.id)
                .map(|credited| credited.pool)
                .sum();
            assert!(pool <= share && (asked.token == TOKEN || pool == share), "all of the escrow");
            self.burnt += share - pool;
            *self.happened.entry("settled").or_default() += 1;
        }
    }

    fn settle(&mut self, which: usize) {
        let Some(index) = self.pick(which) else { return };
        let settlement = self.asked[index].settlement.clone();
        if let Ok(sent) = self.world.settle(settlement).result {
            self.note(&sent);
        }
    }

    fn settle_many(&mut self, from: usize, count: usize) {
        let settlements: Vec<_> = (from..from + count)
            .filter_map(|which| self.pick(which))
            .map(|index| self.asked[index].settlement.clone())
            .collect();
        let gas = U256::from(700_000);
        let call = IInference::settleManyCall { settlements: settlements.clone(), gasPerItem: gas };
        let sent = self.world.chain.send(ANYONE, INFERENCE, &call).ok();
        let bits = sent.returned::<IInference::settleManyCall>();
        let done = bits.iter().map(|byte| byte.count_ones()).sum::<u32>() as usize;
        let failed = sent.events::<IInference::SettlementFailed>(INFERENCE).len();
        assert_eq!(sent.events::<IInference::Settled>(INFERENCE).len(), done);
        assert_eq!(done + failed, settlements.len(), "each item settles or is reported");
        self.happened("settled in a batch", done);
        self.happened("failed in a batch", failed);
        self.note(&sent);
    }

    fn refund(&mut self, which: usize) {
        let Some(index) = self.pick(which) else { return };
        let call = IInference::refundCall { requestId: self.asked[index].id };
        if let Ok(sent) = self.world.chain.send(ANYONE, INFERENCE, &call).result {
            let refunded = sent.event::<IInference::Refunded>(INFERENCE);
            let asked = &mut self.asked[index];
            assert!(asked.open, "refunded after its end");
            asked.open = false;
            assert_eq!((refunded.amount, refunded.token), (asked.escrow, asked.token));
            self.happened("refunded", 1);
        }
    }

    /// An account takes what it has in both contracts.
    fn leave(&mut self, which: usize, token: Address) {
        let account = ACCOUNTS[which % ACCOUNTS.len()];
        let before = self.world.has(token, AWAY);
        let mut left = U256::ZERO;
        let withdraw = IInference::withdrawCall { token, to: AWAY };
        if let Ok(sent) = self.world.chain.send(account, INFERENCE, &withdraw).result {
            left += sent.returned::<IInference::withdrawCall>();
        }
        let claim = IDatanets::claimCall { token, to: AWAY };
        if let Ok(sent) = self.world.chain.send(account, DATANETS, &claim).result {
            left += sent.returned::<IDatanets::claimCall>();
        }
        self.burnt += left - (self.world.has(token, AWAY) - before);
    }

    fn distribute(&mut self, which: usize) {
        let Some(index) = self.pick(which) else { return };
        let asked = &self.asked[index];
        let Some(cited) = &asked.cited else { return };
        let pool = self.world.credit_of(asked.id).pool;
        let outcome = self.world.chain.send(ANYONE, DATANETS, &cited.distribute(asked.id));
        if let Ok(sent) = outcome.result {
            let amounts = sent.event::<IDatanets::Distributed>(DATANETS).amounts;
            assert_eq!(amounts.iter().sum::<U256>(), pool);
            self.happened("distributed", 1);
        }
    }

    fn challenge(&mut self, which: usize) {
        let Some(index) = self.pick(which) else { return };
        let call = IDatanets::challengeCall { requestId: self.asked[index].id };
        let sent = self.world.chain.pay(CHALLENGER, DATANETS, self.bond, &call);
        self.happened("challenged", usize::from(sent.is_ok()));
    }

    fn prove(&mut self, which: usize, right: bool) {
        let Some(index) = self.pick(which) else { return };
        let other = if right { index } else { (index + 1) % self.asked.len() };
        let Some(cited) = &self.asked[other].cited else { return };
        let call = cited.prove(self.asked[index].id);
        let sent = self.world.chain.send(PROVIDER, DATANETS, &call);
        self.happened("proven", usize::from(sent.is_ok()));
    }

    fn void(&mut self, which: usize) {
        let Some(index) = self.pick(which) else { return };
        let call = IDatanets::voidCreditCall { requestId: self.asked[index].id };
        let sent = self.world.chain.send(ANYONE, DATANETS, &call);
        self.happened("void", usize::from(sent.is_ok()));
    }
}

/// `ASSAY_MUTATIONS` sets how many stories are told; 12 by default.
#[test]
fn money_in_is_money_out_and_held() {
    let happened = tell::<Money>(12, 1003, 30..90);
    println!("{happened:?}");
    assert_eq!(happened.len(), 8);
    assert!(happened.values().all(|count| *count > 3), "{happened:?}");
}
