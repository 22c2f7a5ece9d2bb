import { encodeFinalityWitness } from "@phala-l2/protocol/substrate/finality";
import { encodeHeader, headerHash, type SubstrateHeader } from "@phala-l2/protocol/substrate/header";
import { justification, SET_ID, voter } from "@phala-l2/protocol/substrate/testing/grandpa-votes";

export const VOTERS = Array.from({ length: 4 }, voter);
/** The chain that they make final. */
export const SOURCE = {
  set: { id: SET_ID, authorities: VOTERS.map(({ key }) => ({ key, weight: 1n })) },
  paraId: undefined,
};

export function justified(header: SubstrateHeader, by = VOTERS, setId = SET_ID): Uint8Array {
  const target = { hash: headerHash(header), number: Number(header.number) };
  return justification({ target, votes: by.map((each) => ({ ...target, by: each, setId })) });
}

/** What shows that a block is final by their votes. */
export function shown(header: SubstrateHeader, by = VOTERS, setId = SET_ID): Uint8Array {
  const justification = justified(header, by, setId);
  return encodeFinalityWitness({ justification, justified: encodeHeader(header), nodes: [], descent: [] });
}
