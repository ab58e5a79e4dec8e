// Builds ../artifacts and ../abi from src/ and from OP's published artifacts. `--check` compares
// instead of writing, and fails if a byte differs. See ../README.md.
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { readFileSync, readdirSync, writeFileSync, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { layoutOf, layouts, selectors } from './layouts.mjs';

const require = createRequire(import.meta.url);
const here = dirname(fileURLToPath(import.meta.url));
const genesis = join(here, '..');
const tests = '../crates/evm/tests/predeploys/contracts.json';
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
};

// Assay's predeploys, each in src/predeploys/<name>.sol.
const predeploys = ['Collateral', 'Sessions', 'Inference', 'Datanets', 'Verifiers'];

// Contracts of test/ that tests of the predeploys deploy.
const testContracts = ['TestActor', 'TestReceiptProof', 'TestSessions', 'TestToken', 'TestVerifier'];

// EIP-170. A genesis could hold more, an upgrade could not deploy it.
const maxCodeBytes = 24_576;

// Interfaces for dapps, in an order in which each names only those before it.
const interfaces = [
  'IAttestation',
  'IAttribution',
  'ISignatures',
  'ICollateral',
  'ISessions',
  'IInference',
  'IDatanets',
  'IVerifiers',
];

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

function source(file) {
  return readFileSync(join(here, file), 'utf8');
}

// The Solidity files of some folders, by their path from here.
function sources(...folders) {
  const files = folders.flatMap((folder) =>
    readdirSync(join(here, folder)).map((file) => join(folder, file)),
  );
  return files.filter((file) => file.endsWith('.sol')).sort();
}

function compile(files, evmVersion) {
  const solc = require('solc');
  const input = {
    language: 'Solidity',
    sources: Object.fromEntries(files.map((file) => [file, { content: source(file) }])),
    settings: {
      evmVersion,
      viaIR: true,
      optimizer: { enabled: true, runs: 10000 },
      metadata: { bytecodeHash: 'none', appendCBOR: false },
      outputSelection: {
        '*': {
          '*': ['abi', 'evm.deployedBytecode', 'evm.methodIdentifiers', 'storageLayout'],
          '': ['ast'],
        },
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
  return { contracts: output.contracts, names };
}

function entries(output, file, contracts) {
  return contracts.map((name) => {
    const contract = output.contracts[file][name];
    checkLayout(name, contract);
    return [name, entry(name, contract.evm.deployedBytecode, output.names)];
  });
}

function compileOwn() {
  // Paris: the code also runs on a chain whose last fork is before Canyon.
  const output = compile(sources('src'), 'paris');
  return Object.fromEntries(
    Object.entries(ownContracts).flatMap(([file, names]) => entries(output, `src/${file}`, names)),
  );
}

function compilePredeploys() {
  // A preset's first fork is Ecotone.
  const output = compile(sources('src/interfaces', 'src/lib', 'src/predeploys', 'test'), 'cancun');
  const code = predeploys.flatMap((name) => {
    if (!layouts[name]) throw new Error(`${name}: no storage layout to check`);
    return entries(output, `src/predeploys/${name}.sol`, [name]);
  });
  for (const [name, { code: hex }] of code) {
    const bytes = (hex.length - 2) / 2;
    if (bytes > maxCodeBytes) throw new Error(`${name}: ${bytes} bytes of code`);
  }
  const abi = interfaces.map((name) => {
    const predeploy = name.slice(1);
    const { [name]: contract } = predeploys.includes(predeploy)
      ? { [name]: output.contracts[`src/predeploys/${predeploy}.sol`][predeploy] }
      : output.contracts[`src/interfaces/${name}.sol`];
    return [`abi/${name}.json`, renderAbi(contract.abi)];
  });
  const test = testContracts.map((name) => {
    const { object } = output.contracts[`test/${name}.sol`][name].evm.deployedBytecode;
    return [name, `0x${object}`];
  });
  return {
    code: Object.fromEntries(code),
    abi: Object.fromEntries(abi),
    test: Object.fromEntries(test),
  };
}

function checkLayout(name, contract) {
  for (const [signature, selector] of Object.entries(selectors[name] ?? {})) {
    const found = contract.evm.methodIdentifiers[signature];
    if (found !== selector) throw new Error(`${name}: ${signature} is ${found}, not ${selector}`);
  }
  if (!layouts[name]) return;
  const found = layoutOf(contract.storageLayout);
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

// One line per function, event and error.
function renderAbi(abi) {
  return `[\n${abi.map((item) => JSON.stringify(item)).join(',\n')}\n]\n`;
}

// All interfaces in one file without imports, for tools that read one file: alloy's `sol!`.
function renderInterfaces() {
  const bodies = interfaces.map((name) => {
    const lines = source(`src/interfaces/${name}.sol`).split('\n');
    return lines.filter((line) => !/^(\/\/ SPDX|pragma |import )/.test(line)).join('\n').trim();
  });
  const head = ['// SPDX-License-Identifier: MIT OR Apache-2.0', '// Built by contracts/build.mjs.'];
  return `${[...head, 'pragma solidity ^0.8.24;'].join('\n')}\n\n${bodies.join('\n\n')}\n`;
}

// What was built from what, by SHA-256: a test in Rust compares it with the files, so that a source
// that changed without a build is seen where there is no Node.js. The code itself has no metadata:
// a comment's change would change every chain's genesis.
function renderManifest(outputs) {
  const hash = (text) => createHash('sha256').update(text).digest('hex');
  const folders = ['src', 'src/interfaces', 'src/lib', 'src/predeploys', 'test'];
  const inputs = ['build.mjs', 'layouts.mjs', 'package-lock.json', 'package.json', ...sources(...folders)];
  const manifest = {
    inputs: Object.fromEntries(inputs.map((file) => [file, hash(source(file))])),
    outputs: Object.fromEntries(Object.entries(outputs).map(([file, text]) => [file, hash(text)])),
  };
  return `${JSON.stringify(manifest, null, 1)}\n`;
}

const built = compilePredeploys();
const outputs = {
  'artifacts/contracts.json': render({ ...extractOp(), ...compileOwn(), ...built.code }),
  'artifacts/preinstalls.json': render(extractPreinstalls()),
  [tests]: render(built.test),
  'abi/Assay.sol': renderInterfaces(),
  ...built.abi,
};
outputs['artifacts/manifest.json'] = renderManifest(outputs);
const check = process.argv.includes('--check');
let differs = false;
for (const [file, text] of Object.entries(outputs)) {
  const path = join(genesis, file);
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
