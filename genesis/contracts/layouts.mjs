// What must not change in what is built: execution clients, rollup nodes and upgrades rely on it.

export const selectors = {
  L1Block: {
    'setL1BlockValues(uint64,uint64,uint256,bytes32,uint64,bytes32,uint256,uint256)': '015d8eb9',
    'setL1BlockValuesEcotone()': '440a5e20',
    'setL1BlockValuesIsthmus()': '098999be',
    'setL1BlockValuesJovian()': '3db6be2b',
  },
  GasPriceOracle: { 'setJovian()': 'b3d72079', 'getL1Fee(bytes)': '49948e0e' },
};

// Variables by their slot and offset, with the members of structs that mappings hold.
export const layouts = {
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
  Collateral: {
    statements: '0:0', 'statements.digest': '0:0', 'statements.version': '1:0',
    'statements.notBefore': '1:8', 'statements.notAfter': '1:16', 'statements.pointer': '2:0',
  },
  Sessions: {
    records: '0:0', 'records.data': '0:0', 'records.status': '0:20', 'records.notAfter': '0:24',
    'records.closed': '0:31', 'records.judgedBy': '1:0', policies: '1:0',
  },
  Inference: {
    receiptOf: '0:0', models: '1:0', 'models.owner': '0:0', 'models.ownerShare': '0:20',
    'models.dataShare': '0:22', 'models.policyId': '1:0', 'models.datanetId': '2:0',
    requests: '2:0', 'requests.modelId': '0:0', 'requests.inputHash': '1:0',
    'requests.escrow': '2:0', 'requests.requester': '3:0', 'requests.time': '3:20',
    'requests.deadline': '3:25', 'requests.state': '3:30', 'requests.policyId': '4:0',
    'requests.token': '5:0', requestCount: '3:0', balanceOf: '4:0', nonces: '5:0',
  },
  Datanets: {
    logs: '0:0', 'logs.creator': '0:0', 'logs.size': '0:20', 'logs.curator': '1:0',
    'logs.frontier': '2:0', 'logs.ranges': '66:0', 'logs.heads': '67:0', 'logs.allowed': '68:0',
    credits: '1:0', 'credits.datanetId': '0:0', 'credits.attributionRoot': '1:0',
    'credits.outputHash': '2:0', 'credits.pool': '3:0', 'credits.requester': '4:0',
    'credits.until': '4:20', 'credits.state': '4:28', 'credits.token': '5:0',
    'credits.challenger': '6:0', balanceOf: '2:0',
  },
  Verifiers: {
    verifiers: '0:0', 'verifiers.verifier': '0:0', 'verifiers.codeHash': '1:0',
    'verifiers.name': '2:0',
  },
};

// A layout as above, from the compiler's.
export function layoutOf({ storage, types }) {
  const found = {};
  for (const { label, slot, offset, type } of storage) {
    found[label] = `${slot}:${offset}`;
    let value = types[type];
    while (value.encoding === 'mapping') value = types[value.value];
    for (const member of value.members ?? []) {
      found[`${label}.${member.label}`] = `${member.slot}:${member.offset}`;
    }
  }
  return found;
}
