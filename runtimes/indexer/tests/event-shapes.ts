import { compileContract } from "@obelisk/testing/compile-contract";
import type { LocalChain } from "@obelisk/testing/local-chain";
import type { Abi, Address } from "viem";
import { foundry } from "viem/chains";

const source = `// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;
contract Shapes {
  struct Point { int64 x; uint256 y; string label; }
  event Transfer(address indexed from, address indexed to, uint256 value);
  event Transfer(address indexed from, uint32 id);
  event Everything(bytes32 indexed id, string indexed hashed, uint8 small, uint48 middle, int24 negative, int256 wide, bool flag, bytes4 selector, bytes blob, string order);
  event Nested(Point point, uint256[] numbers, address[2] pair, Point[] path);
  event Unnamed(uint256, address indexed, uint256);
  event Empty();
  event Callback(function(uint256) external indexed called, function(uint256) external plain, function(uint256) external[] several);
  uint256 public count;
  function emitMany(uint256 n) external {
    uint256 c = count;
    for (uint256 i = 0; i < n; i++) emit Transfer(msg.sender, address(uint160(c + i + 1)), (c + i) * 1e18);
    count = c + n;
  }
  function emitEach(string calldata text, int256 number) external {
    emit Transfer(msg.sender, uint32(count));
    emit Everything(keccak256(bytes(text)), text, 255, type(uint48).max, -8388608, number, true, 0xdeadbeef, bytes(text), text);
    uint256[] memory numbers = new uint256[](3);
    numbers[0] = 1; numbers[1] = type(uint256).max; numbers[2] = 3;
    Point[] memory path = new Point[](2);
    path[0] = Point(-1, 2, text); path[1] = Point(3, type(uint256).max, "b");
    emit Nested(Point(-5, 6, text), numbers, [msg.sender, address(this)], path);
    emit Unnamed(7, msg.sender, 8);
    emit Empty();
    function(uint256) external[] memory several = new function(uint256) external[](2);
    several[0] = this.emitMany; several[1] = this.emitMany;
    emit Callback(this.emitMany, this.emitMany, several);
    count++;
  }
}`;

/** A deployed contract whose events have every shape that matters, and ways to emit them. */
export interface ShapesContract {
  address: Address;
  abi: Abi;
  /** Emits this many `Transfer(address,address,uint256)` in one transaction and block. */
  emitMany(count: number): Promise<void>;
  /** Emits one event of each other shape. */
  emitEach(text?: string, number?: bigint): Promise<void>;
}

export async function deployShapes(chain: LocalChain): Promise<ShapesContract> {
  const { abi, bytecode } = await compileContract(source, "Shapes");
  const address = await chain.deploy({ abi, bytecode });
  const account = chain.accounts[0] as Address;
  const send = async (functionName: string, args: unknown[], gas: bigint) => {
    const hash = await chain.client.writeContract({ address, abi, functionName, args, account, chain: foundry, gas });
    const receipt = await chain.client.waitForTransactionReceipt({ hash, pollingInterval: 10 });
    if (receipt.status !== "success") throw new Error(`${functionName} was reverted`);
  };
  return {
    address,
    abi,
    emitMany: (count) => send("emitMany", [BigInt(count)], 100_000n + BigInt(count) * 4_000n),
    emitEach: (text = "plain", number = -1n) => send("emitEach", [text, number], 5_000_000n),
  };
}
