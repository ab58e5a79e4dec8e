//! Access lists in the order in which a call touches accounts. The inspector below keeps them in a
//! hash map, whose order differs from run to run.

use alloy_eips::eip2930::{AccessList, AccessListItem};
use alloy_primitives::{Address, B256};
use revm::{
    Inspector,
    context_interface::ContextTr,
    inspector::JournalExt,
    interpreter::{
        CallInputs, CallOutcome, CreateInputs, CreateOutcome, Interpreter,
        interpreter_types::InputsTr,
    },
};
use revm_inspectors::access_list::AccessListInspector;

/// Collects the accounts and slots that a call touches.
#[derive(Debug, Default)]
pub(crate) struct AccessListTracer {
    inner: AccessListInspector,
    order: Vec<Address>,
}

impl AccessListTracer {
    /// Starts from the list that the request has already.
    pub(crate) fn new(initial: AccessList) -> Self {
        let order = initial.0.iter().map(|item| item.address).collect();
        Self { inner: AccessListInspector::new(initial), order }
    }

    fn knows(&self, address: &Address) -> bool {
        self.inner.touched_slots().contains_key(address)
    }

    pub(crate) fn into_access_list(self) -> AccessList {
        let mut touched = self.inner.into_touched_slots();
        let items = self.order.into_iter().filter_map(|address| {
            let storage_keys = touched.remove(&address)?.into_iter().collect();
            Some(AccessListItem { address, storage_keys })
        });
        AccessList(items.collect())
    }
}

impl<CTX: ContextTr<Journal: JournalExt>> Inspector<CTX> for AccessListTracer {
    fn step(&mut self, interpreter: &mut Interpreter, context: &mut CTX) {
        // Whichever account a step touches is the running one, or named by one of the two upper
        // stack words.
        let named =
            |depth| interpreter.stack.peek(depth).map(|word| Address::from_word(B256::from(word)));
        let candidates = [Ok(interpreter.input.target_address()), named(0), named(1)];
        let candidates =
            candidates.map(|candidate| candidate.ok().filter(|address| !self.knows(address)));
        Inspector::<CTX>::step(&mut self.inner, interpreter, context);
        let touched = candidates.into_iter().flatten().find(|address| self.knows(address));
        self.order.extend(touched);
    }

    fn call(&mut self, context: &mut CTX, inputs: &mut CallInputs) -> Option<CallOutcome> {
        self.inner.call(context, inputs)
    }

    fn create(&mut self, context: &mut CTX, inputs: &mut CreateInputs) -> Option<CreateOutcome> {
        self.inner.create(context, inputs)
    }
}
