// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// Emits events of every shape that is hard to index: indexed and not, small and wide numbers, text, bytes, arrays, structs, an
/// overloaded name, and an indexed text of which only the hash remains.
contract Exchange {
  enum Side { Bid, Ask }

  struct Order {
    address maker;
    uint96 price;
    string symbol;
  }

  event Transfer(address indexed from, address indexed to, uint256 value);
  event Noted(uint64 indexed id, string note, bytes payload);
  event Noted(uint64 indexed id, string indexed topic);
  event Settled(bytes32 indexed settlement, int128 amount, bool isFinal, uint8[] tags, address[2] parties);
  event OrderPlaced(uint256 indexed id, Side side, Order order);
  event Tick(int24 change, uint32 at);

  uint256 public emitted;

  /// Emits `count` events, each shape in turn.
  function trade(uint256 count) external {
    uint256 first = emitted;
    for (uint256 n = first; n < first + count; n++) emitOne(n);
    emitted = first + count;
  }

  function emitOne(uint256 n) private {
    uint256 shape = n % 6;
    address other = address(uint160(uint256(keccak256(abi.encode(n)))));
    if (shape == 0) emit Transfer(msg.sender, other, n * 1e18 + 1);
    else if (shape == 1) emit Noted(uint64(n), unicode"Grüße, “n” \\ 🛰", abi.encodePacked(n));
    else if (shape == 2) emit Noted(uint64(n), "topic");
    else if (shape == 3) {
      uint8[] memory tags = new uint8[](n % 4);
      for (uint256 i = 0; i < tags.length; i++) tags[i] = uint8(n + i);
      emit Settled(keccak256(abi.encode(n)), -int128(uint128(n)) * 1e12, n % 2 == 0, tags, [msg.sender, other]);
    } else if (shape == 4) emit OrderPlaced(n, Side(n % 2), Order(other, uint96(n) << 40, "OBK/USD"));
    else emit Tick(int24(int256(n % 16_000)) - 8_000, uint32(n));
  }
}
