// The chain and its predeploys: addresses, ABIs from genesis/abi, and a client for each account.
import { readFileSync } from 'node:fs';
import {
  type Abi,
  type Address,
  type Hex,
  createPublicClient,
  createWalletClient,
  decodeEventLog,
  defineChain,
  http,
} from 'viem';
import { privateKeyToAccount } from 'viem/accounts';

const abi = (name: string): Abi =>
  JSON.parse(readFileSync(new URL(`../../../../genesis/abi/${name}.json`, import.meta.url), 'utf8'));

export interface Contract {
  address: Address;
  abi: Abi;
}

export const attribution: Contract = {
  address: '0xa55a000000000000000000000000000000000002',
  abi: abi('IAttribution'),
};
export const inference: Contract = {
  address: '0xa55a000000000000000000000000000000001003',
  abi: abi('IInference'),
};
export const datanets: Contract = {
  address: '0xa55a000000000000000000000000000000001004',
  abi: abi('IDatanets'),
};

export async function connect(url: string) {
  const transport = http(url);
  const id = await createPublicClient({ transport }).getChainId();
  const chain = defineChain({
    id,
    name: 'Assay',
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: [url] } },
  });
  const reader = createPublicClient({ chain, transport, pollingInterval: 200 });

  const read = (contract: Contract, functionName: string, args: readonly unknown[]) =>
    reader.readContract({ ...contract, functionName, args });

  // Sends a transaction as the account of a key and gives the contract's events of one name.
  async function send(
    key: Hex,
    contract: Contract,
    functionName: string,
    args: readonly unknown[],
    event: string,
    value = 0n,
  ): Promise<Record<string, unknown>[]> {
    const account = privateKeyToAccount(key);
    const wallet = createWalletClient({ chain, transport, account });
    const { request } = await reader.simulateContract({
      ...contract,
      functionName,
      args,
      account,
      value,
    });
    const hash = await wallet.writeContract(request);
    const receipt = await reader.waitForTransactionReceipt({ hash });
    if (receipt.status !== 'success') throw new Error(`${functionName} reverted`);
    console.log(`${functionName.padEnd(14)} ${receipt.gasUsed} gas`);
    return receipt.logs
      .filter((log) => log.address.toLowerCase() === contract.address.toLowerCase())
      .map((log) => decodeEventLog({ abi: contract.abi, data: log.data, topics: log.topics }))
      .filter(({ eventName }) => eventName === event)
      .map(({ args }) => args as unknown as Record<string, unknown>);
  }

  return { id, reader, read, send };
}
