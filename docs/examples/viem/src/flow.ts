// A datanet, a model, a request, its receipt and everybody's payment. See README.md.
import { readFileSync } from 'node:fs';
import {
  type Hex,
  concat,
  encodeAbiParameters,
  formatEther,
  hashTypedData,
  keccak256,
  numberToHex,
  parseEther,
  stringToHex,
  zeroAddress,
} from 'viem';
import { privateKeyToAccount, sign } from 'viem/accounts';
import { attribution, connect, datanets, inference } from './chain.js';

// What the Rust example leaves: a session that is open on the chain, and its key.
interface Session {
  url: string;
  sessionId: Hex;
  policyId: Hex;
  controller: Hex;
  sessionKey: Hex;
}
const file = process.argv[2] ?? 'session.json';
const session: Session = JSON.parse(readFileSync(file, 'utf8'));

// Accounts of `assay dev`: everybody knows these keys.
const owner: Hex = '0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a';
const contributor: Hex = '0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6';
const requester: Hex = '0x47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a';

const { id, read, send } = await connect(session.url);
const tokens = (...ids: number[]): Hex => concat(ids.map((token) => numberToHex(token, { size: 4 })));
const only = (events: Record<string, unknown>[]) => {
  const [event] = events;
  if (!event) throw new Error('no event');
  return event;
};

// A document of eight tokens, contributed to a log of its own.
const document = tokens(11, 12, 13, 14, 15, 16, 17, 18);
const leaf = keccak256(concat(['0x00', document]));
const salt = keccak256(numberToHex(Date.now()));
const created = only(
  await send(owner, datanets, 'create', [zeroAddress, salt, 'example'], 'DatanetCreated'),
);
const datanetId = created.datanetId as Hex;
const contributorAddress = privateKeyToAccount(contributor).address;
await send(contributor, datanets, 'contribute', [datanetId, contributorAddress, [leaf]], 'Contributed');

// A model: 10 % of each price for its owner, 20 % for the datanet, the rest for the provider.
const parts = ['weights', 'tokenizer', 'parameters'].map((part) =>
  keccak256(concat([salt, stringToHex(part)])),
);
const registered = only(
  await send(
    owner,
    inference,
    'registerModel',
    [...parts, session.policyId, datanetId, 1_000, 2_000, 'example'],
    'ModelRegistered',
  ),
);
const modelId = registered.modelId as Hex;

// A request with 1 ether of escrow, open for an hour. It names the model's policy: without one of its own
// it would follow whatever policy the model's owner puts in its place.
const escrow = parseEther('1');
const inputHash = keccak256(tokens(1, 2, 3));
const deadline = BigInt(Math.floor(Date.now() / 1000) + 3_600);
const asked = only(
  await send(
    requester,
    inference,
    'request',
    [modelId, inputHash, session.policyId, deadline, zeroAddress, escrow],
    'Requested',
    escrow,
  ),
);
const requestId = asked.requestId as Hex;

// The answer: five tokens, four of which are the document's, from its third on.
const output = tokens(13, 14, 15, 16, 99);
const spans = [{ chunk: 0, outputStart: 0, chunkStart: 2, length: 4 }];
const minLength = 3;
const [weights, leafHashes] = (await read(attribution, 'spanWeights', [
  output,
  [document],
  spans,
  minLength,
])) as [bigint[], Hex[]];
const spanType = {
  type: 'tuple[]',
  components: ['chunk', 'outputStart', 'chunkStart', 'length'].map((name) => ({ name, type: 'uint32' })),
} as const;
const cited = {
  datanetId,
  logSize: 1n,
  indices: [0n],
  leafHashes,
  weights,
  spansHash: keccak256(encodeAbiParameters([spanType, { type: 'uint32' }], [spans, minLength])),
};
const citedType = {
  type: 'tuple',
  components: [
    { name: 'datanetId', type: 'bytes32' },
    { name: 'logSize', type: 'uint64' },
    { name: 'indices', type: 'uint64[]' },
    { name: 'leafHashes', type: 'bytes32[]' },
    { name: 'weights', type: 'uint256[]' },
    { name: 'spansHash', type: 'bytes32' },
  ],
} as const;

// The receipt, signed with the session's key as EIP-712 typed data.
const { time } = (await read(inference, 'requestOf', [requestId])) as { time: bigint };
const receipt = {
  modelId,
  inputHash,
  outputHash: keccak256(output),
  attributionRoot: keccak256(encodeAbiParameters([citedType], [cited])),
  requestId,
  requester: privateKeyToAccount(requester).address,
  provider: session.controller,
  price: parseEther('0.5'),
  nonce: BigInt(Date.now()),
  time,
};
const fields = {
  bytes32: ['modelId', 'inputHash', 'outputHash', 'attributionRoot', 'requestId'],
  address: ['requester', 'provider'],
  uint256: ['price'],
  uint64: ['nonce', 'time'],
};
const hash = hashTypedData({
  domain: {
    name: 'Assay Inference',
    version: '1',
    chainId: id,
    verifyingContract: inference.address,
  },
  types: {
    InferenceReceipt: Object.entries(fields).flatMap(([type, names]) =>
      names.map((name) => ({ name, type })),
    ),
  },
  primaryType: 'InferenceReceipt',
  message: receipt,
});
const { r, s } = await sign({ hash, privateKey: session.sessionKey });
const settlement = { receipt, sessionId: session.sessionId, signature: concat([r, s]) };

// Anyone may settle, prove the attribution, and each takes his own.
await send(requester, inference, 'settle', [settlement], 'Settled');
const proof = [requestId, cited, [0n], [], output, [document], spans, minLength];
const split = only(await send(owner, datanets, 'prove', proof, 'Distributed'));
console.log('contributors  ', split.contributors, split.amounts);
for (const key of [owner, requester]) {
  const { address } = privateKeyToAccount(key);
  const taken = only(await send(key, inference, 'withdraw', [zeroAddress, address], 'Withdrawn'));
  console.log(`  ${address} took ${formatEther(taken.amount as bigint)} ether`);
}
const claim = [zeroAddress, contributorAddress];
const claimed = only(await send(contributor, datanets, 'claim', claim, 'Claimed'));
console.log(`  ${contributorAddress} took ${formatEther(claimed.amount as bigint)} ether`);

const owed = await read(inference, 'balanceOf', [zeroAddress, session.controller]);
console.log(`  ${session.controller}, the provider, may take ${formatEther(owed as bigint)} ether`);

const held = await read(inference, 'receiptOf', [requestId]);
if (held !== hash) throw new Error('another receipt was settled');
console.log(`receipt of ${requestId}: ${hash}`);
