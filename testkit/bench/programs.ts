import { fromHex } from "@phala-l2/protocol/bytes";

/**
 * An ERC-20's transfer(address,uint256) and no more: balances in the mapping of slot 0, the event, `true`. It reverts for
 * any other selector and for more than the caller has.
 */
export const TOKEN = fromHex(
  `0x${[
    // Another selector than transfer's is refused.
    "5f3560e01c63a9059cbb14601157",
    "5f5ffd5b",
    // So is an amount above the caller's balance.
    "335f5260405f208054",
    "60243581811115602857",
    "5f5ffd5b",
    // The caller's balance becomes less, the receiver's more.
    "809103909155",
    "6004355f5260405f20805482019055",
    // Transfer(caller, receiver, amount).
    "5f52600435337fddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef60205fa3",
    // true
    "60015f5260205ff3",
  ].join("")}`,
);

/**
 * A loop as often as its calldata's word says: multiplication, keccak256, shifts, memory at changing places, one of eight
 * storage slots read and written. No precompile, no call.
 */
export const COMPUTE = fromHex(
  `0x${[
    "5f355b",
    "808002805f5260205f2018",
    "60031b600b1c",
    "80601f1660051b819052",
    "8160071680548201905550",
    "600190038060025700",
  ].join("")}`,
);

/** The selector of transfer(address,uint256). */
export const TRANSFER = fromHex("0xa9059cbb");
