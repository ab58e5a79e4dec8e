// Builds ../artifacts from src/ and from OP's published artifacts. `--check` compares instead of
// writing, and fails if a byte differs. See ../README.md.
import { createRequire } from 'node:module';
import { readFileSync, readdirSync, writeFileSync, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const here = dirname(fileURLToPath(import.meta.url));
const artifacts = join(here, '..', 'artifacts');
const bedrock = dirname(require.resolve('@eth-optimism/contracts-bedrock/package.json'));

// OP's contracts that the genesis uses as published. What an immutable is called is read from the
// artifact's syntax tree; EAS inherits some from a file that the tree leaves out: those are named
// here in the order of their declaration.
const opContracts = {
  Proxy: [],
  LegacyMessagePasser: [],
  DeployerWhitelist: [],
  WETH: [],
  L2CrossDomainMessenger: [],
  L2StandardBridge: [],
  OptimismMintableERC20Factory: [],
  L1BlockNumber: [],
  L2ERC721Bridge: [],
  L2ToL1MessagePasser: [],
  OptimismMintableERC721Factory: [],
  ProxyAdmin: [],
  SchemaRegistry: [],
  EAS: [
    '_CACHED_DOMAIN_SEPARATOR',
    '_CACHED_CHAIN_ID',
    '_CACHED_THIS',
    '_HASHED_NAME',
    '_HASHED_VERSION',
    '_TYPE_HASH',
    '_name',
  ],
  OptimismPortal: [],
  SuperchainConfig: [],
};

const ownContracts = {
  'L1Block.sol': ['L1Block'],
  'GasPriceOracle.sol': ['GasPriceOracle'],
  'FeeVaults.sol': ['SequencerFeeVault', 'BaseFeeVault', 'L1FeeVault', 'OperatorFeeVault'],
  'SystemConfig.sol': ['SystemConfig'],
  'InferenceDemo.sol': ['InferenceDemo'],
};

// Every `immutable` in a syntax tree, by its id.
function immutableNames(node, names = new Map()) {
  if (Array.isArray(node)) {
    for (const child of node) immutableNames(child, names);
  } else if (node && typeof node === 'object') {
    if (node.nodeType === 'VariableDeclaration' && node.mutability === 'immutable') {
      names.set(String(node.id), node.name);
    }
    for (const child of Object.values(node)) immutableNames(child, names);
  }
  return names;
}

function entry(name, deployed, names, fallback = []) {
  const references = deployed.immutableReferences ?? {};
  const ids = Object.keys(references).sort((a, b) => Number(a) - Number(b));
  const immutables = {};
  ids.forEach((id, index) => {
    const label = fallback.length === ids.length ? fallback[index] : names.get(id);
    if (!label) throw new Error(`${name}: immutable ${id} has no name`);
    immutables[label] = references[id].map(({ start, length }) => {
      if (length !== 32) throw new Error(`${name}: immutable of ${length} bytes`);
      return start;
    });
  });
  const code = deployed.object.startsWith('0x') ? deployed.object : `0x${deployed.object}`;
  if (!/^0x([0-9a-f]{2})+$/.test(code)) throw new Error(`${name}: code is not linked`);
  return ids.length ? { code, immutables } : { code };
}

function compileOwn() {
  const solc = require('solc');
  const files = readdirSync(join(here, 'src')).filter((file) => file.endsWith('.sol')).sort();
  const input = {
    language: 'Solidity',
    sources: Object.fromEntries(
      files.map((file) => [file, { content: readFileSync(join(here, 'src', file), 'utf8') }]),
    ),
    settings: {
      // Paris: the code also runs on a chain whose last fork is before Canyon.
      evmVersion: 'paris',
      viaIR: true,
      optimizer: { enabled: true, runs: 10000 },
      metadata: { bytecodeHash: 'none', appendCBOR: false },
      outputSelection: {
        '*': { '*': ['evm.deployedBytecode', 'evm.methodIdentifiers', 'storageLayout'], '': ['ast'] },
      },
    },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input)));
  const problems = (output.errors ?? []).filter(({ severity }) => severity !== 'info');
  if (problems.length) {
    throw new Error(problems.map(({ formattedMessage }) => formattedMessage).join('\n'));
  }
  const names = new Map();
  for (const { ast } of Object.values(output.sources)) immutableNames(ast, names);
  const result = {};
  for (const [file, contracts] of Object.entries(ownContracts)) {
    for (const name of contracts) {
      const contract = output.contracts[file][name];
      result[name] = entry(name, contract.evm.deployedBytecode, names);
      checkLayout(name, contract);
    }
  }
  return result;
}

// What execution clients and rollup nodes rely on.
const selectors = {
  L1Block: {
    'setL1BlockValues(uint64,uint64,uint256,bytes32,uint64,bytes32,uint256,uint256)': '015d8eb9',
    'setL1BlockValuesEcotone()': '440a5e20',
    'setL1BlockValuesIsthmus()': '098999be',
    'setL1BlockValuesJovian()': '3db6be2b',
  },
  GasPriceOracle: { 'setJovian()': 'b3d72079', 'getL1Fee(bytes)': '49948e0e' },
};
const layouts = {
  L1Block: {
    number: '0:0', timestamp: '0:8', basefee: '1:0', hash: '2:0', sequenceNumber: '3:0',
    blobBaseFeeScalar: '3:8', baseFeeScalar: '3:12', batcherHash: '4:0', l1FeeOverhead: '5:0',
    l1FeeScalar: '6:0', blobBaseFee: '7:0', operatorFeeConstant: '8:0', operatorFeeScalar: '8:8',
    daFootprintGasScalar: '8:12',
  },
  GasPriceOracle: { isEcotone: '0:0', isFjord: '0:1', isIsthmus: '0:2', isJovian: '0:3' },
  SystemConfig: {
    owner: '0:0', overhead: '1:0', scalar: '2:0', batcherHash: '3:0', gasLimit: '4:0',
    basefeeScalar: '4:8', blobbasefeeScalar: '4:12', eip1559Denominator: '4:16',
    eip1559Elasticity: '4:20', operatorFeeScalar: '4:24', operatorFeeConstant: '5:0',
    minBaseFee: '5:8', daFootprintGasScalar: '5:16', l2ChainId: '6:0', superchainConfig: '7:0',
  },
};

function checkLayout(name, contract) {
  for (const [signature, selector] of Object.entries(selectors[name] ?? {})) {
    const found = contract.evm.methodIdentifiers[signature];
    if (found !== selector) throw new Error(`${name}: ${signature} is ${found}, not ${selector}`);
  }
  if (!layouts[name]) return;
  const found = Object.fromEntries(
    contract.storageLayout.storage.map(({ label, slot, offset }) => [label, `${slot}:${offset}`]),
  );
  if (JSON.stringify(found) !== JSON.stringify(layouts[name])) {
    throw new Error(`${name}: storage layout is ${JSON.stringify(found)}`);
  }
}

function extractOp() {
  const result = {};
  for (const [name, fallback] of Object.entries(opContracts)) {
    const path = join(bedrock, 'forge-artifacts', `${name}.sol`, `${name}.json`);
    const artifact = JSON.parse(readFileSync(path, 'utf8'));
    result[name] = entry(name, artifact.deployedBytecode, immutableNames(artifact.ast), fallback);
  }
  return result;
}

// OP's preinstalls are hex literals in a library of the package.
function extractPreinstalls() {
  const source = readFileSync(join(bedrock, 'src', 'libraries', 'Preinstalls.sol'), 'utf8');
  const addresses = new Map();
  for (const [, name, address] of source.matchAll(/address internal constant (\w+) = (0x[0-9a-fA-F]{40});/g)) {
    addresses.set(name, address.toLowerCase());
  }
  const result = {};
  for (const [, name, code] of source.matchAll(/bytes internal constant (\w+)Code =\s*hex"([0-9a-f]+)";/g)) {
    const permit2 = name === 'Permit2Template';
    const address = addresses.get(permit2 ? 'Permit2' : name);
    if (!address) throw new Error(`preinstall ${name} has no address`);
    result[permit2 ? 'Permit2' : name] = { address, code: `0x${code}` };
  }
  // Where Preinstalls.getPermit2Code puts these two.
  const offset = (pattern) => Number(source.match(pattern)[1]);
  result.Permit2.immutables = {
    _CACHED_CHAIN_ID: [offset(/0x20\), (\d+)\), _chainID/)],
    _CACHED_DOMAIN_SEPARATOR: [offset(/0x20\), (\d+)\), domainSeparator/)],
  };
  return result;
}

// One line per contract, names in order.
function render(contracts) {
  const lines = Object.keys(contracts).sort().map(
    (name) => `${JSON.stringify(name)}:${JSON.stringify(contracts[name])}`,
  );
  return `{\n${lines.join(',\n')}\n}\n`;
}

const outputs = {
  'contracts.json': render({ ...extractOp(), ...compileOwn() }),
  'preinstalls.json': render(extractPreinstalls()),
};
const check = process.argv.includes('--check');
let differs = false;
for (const [file, text] of Object.entries(outputs)) {
  const path = join(artifacts, file);
  if (check) {
    const same = existsSync(path) && readFileSync(path, 'utf8') === text;
    differs ||= !same;
    console.log(`${file}: ${same ? 'same' : 'differs'}`);
  } else {
    writeFileSync(path, text);
    console.log(`${file}: ${text.length} bytes`);
  }
}
process.exitCode = differs ? 1 : 0;
