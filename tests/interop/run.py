#!/usr/bin/env python3
"""kona-node over `assay node`, as sequencer and as verifier, over an L1 that our batcher posts to.

    tests/interop/run.py [--blocks 100] [--block-time 1] [--keep DIR]

Needs `assay`, `kona-node` and `cast`; says which is missing. See README.md beside this file.
"""
import argparse
import base64
import hashlib
import hmac
import json
import os
import pathlib
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
L2_CHAIN_ID = 42331
# Accounts of the well-known development mnemonic: never fund them elsewhere.
USER = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
BATCHER = "0xf214f2b2cd398c806f84e317254e0f0b801d0643303237d97a22a48e01628897"
SEQUENCER = "0x701b615bbdfb9de65240bc28bd21bbc0d996645a3dd57e7b12bc2bdf6f192c82"
TO = "0x00000000000000000000000000000000000000aa"
# Stores its first word of calldata in slot 0, logs it, and returns.
CONTRACT = "0x6009600c60003960096000f35f35805f555f5fa100"
TOOLS = {
    "assay": ("ASSAY", "cargo build --release -p assay"),
    "kona-node": ("KONA_NODE", "cargo install kona-node --version 1.0.0-rc.1 --locked"),
    "cast": ("CAST", "npm install @foundry-rs/cast@1.7.1, or foundryup"),
}


class Failed(Exception):
    """The test failed, with the reason."""


def find_tools():
    """Where each tool is: its environment variable, the build directory (assay), the PATH."""
    found, missing = {}, []
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    for name, (variable, how) in TOOLS.items():
        builds = [target / kind / name for kind in ("release", "debug")] if name == "assay" else []
        candidates = [os.environ.get(variable), *filter(pathlib.Path.is_file, builds)]
        path = next(filter(None, candidates), None) or shutil.which(name)
        if path and shutil.which(str(path)):
            found[name] = str(path)
        else:
            missing.append(f"  {name}: set {variable} or put it on the PATH ({how})")
    if missing:
        sys.exit("missing:\n" + "\n".join(missing))
    return found


def free_ports(count):
    """Ports that nobody uses now."""
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def rpc(url, method, *params, secret=None, timeout=10):
    """A JSON-RPC call; with a secret, an authenticated one."""
    request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    headers = {"content-type": "application/json"}
    if secret:
        headers["authorization"] = "Bearer " + token(secret)
    body = json.dumps(request).encode()
    with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=timeout) as got:
        answer = json.load(got)
    if "error" in answer:
        raise Failed(f"{method}: {answer['error']}")
    return answer["result"]


def token(secret):
    """An Engine API token (HS256)."""
    def encode(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=")

    claims = json.dumps({"iat": int(time.time())}).encode()
    signed = encode(b'{"alg":"HS256","typ":"JWT"}') + b"." + encode(claims)
    signature = hmac.new(bytes.fromhex(secret), signed, hashlib.sha256).digest()
    return (signed + b"." + encode(signature)).decode()


def wait(what, seconds, condition):
    """Waits until the condition gives something; errors of endpoints that start count as nothing."""
    end, last = time.monotonic() + seconds, None
    while time.monotonic() < end:
        try:
            got = condition()
            if got:
                return got
        except (OSError, Failed) as error:
            last = error
        time.sleep(0.25)
    raise Failed(f"{what}: not within {seconds} s" + (f" ({last})" if last else ""))


class Network:
    """The processes, each with its log in the directory."""

    def __init__(self, tools, directory, options):
        self.tools, self.directory, self.options = tools, directory, options
        self.processes = []
        names = ("l1", "http_a", "auth_a", "kona_a", "p2p_a", "http_b", "auth_b", "kona_b", "p2p_b")
        self.port = dict(zip(names, free_ports(len(names))))
        self.secret = secrets.token_hex(32)
        self.jwt = directory / "jwt.hex"
        self.jwt.write_text(self.secret)

    def url(self, name):
        return f"http://127.0.0.1:{self.port[name]}"

    def start(self, name, tool, *arguments):
        log = open(self.directory / f"{name}.log", "wb")
        command = [self.tools[tool], *map(str, arguments)]
        self.processes.append((name, subprocess.Popen(command, stdout=log, stderr=log)))

    def check(self):
        for name, process in self.processes:
            if process.poll() is not None:
                log = (self.directory / f"{name}.log").read_text(errors="replace")
                raise Failed(f"{name} ended with {process.returncode}:\n{log[-2000:]}")

    def stop(self):
        for name, process in reversed(self.processes):
            # One after the other: the batcher posts the rest while there still is an L1.
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                print(f"{name} does not stop", file=sys.stderr)
                process.kill()

    def start_l1(self):
        self.start("l1", "assay", "l1", "--port", self.port["l1"],
                   "--block-time", self.options.l1_block_time)
        wait("the L1", 30, lambda: rpc(self.url("l1"), "eth_blockNumber"))
        subprocess.run(
            [self.tools["assay"], "genesis", "--preset", "dev-isthmus", "--l1", self.url("l1"),
             "--block-time", str(self.options.block_time), "--out", str(self.directory)],
            check=True, stdout=subprocess.DEVNULL)

    def start_node(self, name):
        self.start(f"node-{name}", "assay", "node", "--chain", self.directory / "genesis.json",
                   "--datadir", self.directory / f"node-{name}",
                   "--http", "--http.port", self.port[f"http_{name}"], "--http.api", "all",
                   "--authrpc.port", self.port[f"auth_{name}"], "--authrpc.jwtsecret", self.jwt)
        wait(f"node {name}", 60, lambda: rpc(self.url(f"http_{name}"), "eth_chainId"))

    def start_kona(self, name, mode, *arguments):
        self.start(f"kona-{name}", "kona-node", "node", "--mode", mode, "-c", L2_CHAIN_ID,
                   "--l1-eth-rpc", self.url("l1"), "--l1-beacon", self.url("l1"),
                   "--l2-engine-rpc", self.url(f"auth_{name}"), "--l2-engine-jwt-secret", self.jwt,
                   "--l2-config-file", self.directory / "rollup.json",
                   "--p2p.no-discovery", "--p2p.listen.ip", "127.0.0.1",
                   "--p2p.listen.tcp", self.port[f"p2p_{name}"],
                   "--p2p.listen.udp", self.port[f"p2p_{name}"],
                   "--p2p.bootstore", self.directory / f"kona-{name}",
                   "--p2p.priv.path", self.directory / f"kona-{name}.key",
                   "--rpc.addr", "127.0.0.1", "--port", self.port[f"kona_{name}"], *arguments)

    def start_batcher(self):
        self.start("batcher", "assay", "batcher", "--l1-eth-rpc", self.url("l1"),
                   "--l2-eth-rpc", self.url("http_a"), "--rollup-rpc", self.url("kona_a"),
                   "--private-key", BATCHER, "--rollup-config", self.directory / "rollup.json",
                   "--max-channel-duration", 3, "--poll-interval", 500, "--num-confirmations", 2)

    def cast(self, *arguments):
        verb, *rest = arguments
        command = [self.tools["cast"], verb, "--rpc-url", self.url("http_a"), *rest]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        if done.returncode:
            raise Failed(f"cast {arguments[0]}: {done.stderr.strip()}")
        return done.stdout

    def send(self, *arguments):
        """Sends a transaction with cast, which waits for its receipt."""
        sent = self.cast("send", "--json", "--private-key", USER, *arguments)
        receipt = json.loads(sent)
        if receipt["status"] != "0x1":
            raise Failed(f"reverted: {receipt}")
        return receipt

    def head(self, name):
        return int(rpc(self.url(f"http_{name}"), "eth_blockNumber"), 16)

    def sync_status(self, name):
        return rpc(self.url(f"kona_{name}"), "optimism_syncStatus")


def payload(network, number):
    """A block of the first node as `admin_postUnsafePayload` takes it."""
    block = rpc(network.url("http_a"), "eth_getBlockByNumber", hex(number), False)
    bodies = rpc(network.url("auth_a"), "engine_getPayloadBodiesByRangeV1", hex(number), "0x1",
                 secret=network.secret)
    names = {
        "parentHash": "parentHash", "feeRecipient": "miner", "stateRoot": "stateRoot",
        "receiptsRoot": "receiptsRoot", "logsBloom": "logsBloom", "prevRandao": "mixHash",
        "blockNumber": "number", "gasLimit": "gasLimit", "gasUsed": "gasUsed",
        "timestamp": "timestamp", "extraData": "extraData", "baseFeePerGas": "baseFeePerGas",
        "blockHash": "hash", "blobGasUsed": "blobGasUsed", "excessBlobGas": "excessBlobGas",
        "withdrawalsRoot": "withdrawalsRoot",
    }
    execution = {ours: block[theirs] for ours, theirs in names.items()}
    execution |= {"transactions": bodies[0]["transactions"], "withdrawals": []}
    return {"parentBeaconBlockRoot": block["parentBeaconBlockRoot"], "executionPayload": execution}


def send_transactions(network, blocks):
    """Sends with cast until the sequencer has made the blocks; gives how many were sent."""
    sent, contract, value = 0, None, 0
    end = time.monotonic() + blocks * network.options.block_time * 3 + 60
    while network.head("a") < blocks:
        network.check()
        if time.monotonic() > end:
            raise Failed(f"the sequencer is at block {network.head('a')}")
        if contract is None:
            contract = network.send("--create", CONTRACT)["contractAddress"]
        elif sent % 2:
            value += 1
            network.send(contract, "0x" + value.to_bytes(32, "big").hex())
        else:
            network.send(TO, "--value", "1gwei")
        sent += 1
        print(f"\r  block {network.head('a')}, {sent} transactions", end="", flush=True)
    print()
    stored = int(network.cast("storage", contract, "0"), 16)
    if stored != value:
        raise Failed(f"the contract holds {stored}, was sent {value}")
    return sent


def run(network, options):
    """The test; gives what is to be said at its end."""
    print("L1, genesis, first node, kona-node as sequencer, batcher")
    network.start_l1()
    network.start_node("a")
    network.start_kona("a", "Sequencer", "--p2p.sequencer.key", SEQUENCER,
                       "--sequencer.l1-confs", 0)
    wait("the sequencer", 60, lambda: network.head("a") > 0)
    network.start_batcher()
    sent = send_transactions(network, options.blocks)

    print("second node, kona-node as verifier")
    network.start_node("b")
    network.start_kona("b", "Validator", "--rpc.enable-admin")
    wait("the verifier", 60, lambda: network.sync_status("b"))
    # Without gossip kona-node waits for one unsafe block before it derives.
    rpc(network.url("kona_b"), "admin_postUnsafePayload", payload(network, 1))

    def derived():
        network.check()
        safe = network.sync_status("b")["safe_l2"]
        print(f"\r  safe at {safe['number']}", end="", flush=True)
        return safe if safe["number"] >= options.blocks else None

    safe = wait("the verifier's safe head", options.timeout, derived)
    print()
    for number in range(safe["number"] + 1):
        ours, theirs = (rpc(network.url(f"http_{name}"), "eth_getBlockByNumber", hex(number), False)
                        for name in "ab")
        for key in ("hash", "stateRoot", "receiptsRoot"):
            if ours[key] != theirs[key]:
                raise Failed(f"{key} of block {number}: {ours[key]} and {theirs[key]}")
    if theirs["hash"] != safe["hash"]:
        raise Failed("kona-node's safe head is not the node's")
    posted = int(rpc(network.url("l1"), "eth_getTransactionCount",
                     "0xBcd4042DE499D14e55001CcbB24a551F3b954096", "latest"), 16)
    return {"blocks": safe["number"], "transactions": sent, "batchTransactions": posted,
            "safeHash": safe["hash"], "mismatches": 0}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--blocks", type=int, default=100, help="L2 blocks to make and to derive")
    parser.add_argument("--block-time", type=int, default=1, help="seconds per L2 block")
    parser.add_argument("--l1-block-time", type=int, default=2, help="seconds per L1 block")
    parser.add_argument("--timeout", type=int, default=300, help="seconds for the verifier")
    parser.add_argument("--keep", type=pathlib.Path, help="directory for data and logs; kept")
    options = parser.parse_args()
    tools = find_tools()
    directory = options.keep or pathlib.Path(tempfile.mkdtemp(prefix="assay-interop-"))
    directory.mkdir(parents=True, exist_ok=True)
    network = Network(tools, directory, options)
    begun = time.monotonic()
    try:
        report = run(network, options)
    except (Failed, OSError, subprocess.SubprocessError, KeyboardInterrupt) as error:
        print(f"\nFAILED: {error}\nlogs are in {directory}", file=sys.stderr)
        return 1
    finally:
        network.stop()
    report["seconds"] = round(time.monotonic() - begun)
    print(json.dumps(report))
    if not options.keep:
        shutil.rmtree(directory, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
