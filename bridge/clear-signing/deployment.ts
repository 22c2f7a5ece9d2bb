import { readFileSync } from "node:fs";
import { join } from "node:path";
import { RollupError } from "@phala-l2/protocol/errors";
import { isRecord } from "@phala-l2/protocol/json-record";
import { type Address, getAddress, isAddress } from "viem";
import { DESCRIBED, DESCRIBED_MESSAGES, type Place } from "./described.ts";
import { descriptorFaults } from "./schema.ts";

/** Addresses by their names in the address book; several parachains have contracts of one name each. */
export type Named = Readonly<Record<string, readonly Address[]>>;

/** What the descriptors have to know of a deployment. */
export type Deployment = {
  readonly l1ChainId: number;
  readonly l2ChainId: number;
  readonly l1: Named;
  readonly l2: Named;
  /** EIP-712 names of contracts that are named when they are deployed, by the contracts' names. */
  readonly domainNames: Readonly<Record<string, string>>;
};

/** A descriptor as wallets take it: bound to chain and address. */
export type BoundDescriptor = { readonly file: string; readonly document: object };

type Json = Readonly<Record<string, unknown>>;

/** A file beside this one, checked by the schema. @throws RollupError DESCRIPTOR_INVALID */
export function readDescriptor(file: string): Json {
  const document: unknown = JSON.parse(readFileSync(join(import.meta.dirname, file), "utf8"));
  const [fault] = descriptorFaults(document);
  if (fault === undefined && isRecord(document)) return document;
  throw new RollupError("DESCRIPTOR_INVALID", `${file}: ${fault?.at} should be ${fault?.wanted}`, {
    data: { file, ...fault },
  });
}

/** The contracts' addresses; none where this deployment lacks them. */
function addressesAt({ layer, name }: Place, deployment: Deployment): readonly Address[] {
  return isAddress(name) ? [getAddress(name)] : (deployment[layer][name] ?? []);
}

function part(document: Json, name: string): Json {
  const value = document[name];
  return isRecord(value) ? value : {};
}

/** Constants that are addresses of the deployment's, by their names there. @throws RollupError DESCRIPTOR_INVALID */
function boundConstants(file: string, constants: Json, { layer }: Place, deployment: Deployment): Json {
  const bound = Object.entries(constants).map(([name, value]) => {
    if (value !== null) return [name, value];
    const [address] = deployment[layer][name] ?? [];
    if (address !== undefined) return [name, address];
    throw new RollupError("DESCRIPTOR_INVALID", `${file}: this deployment has no ${name} on ${layer}`, {
      data: { file, name, layer },
    });
  });
  return Object.fromEntries(bound);
}

/**
 * A message's domain. One that the file gives no name has that of the deployed contract: another one would show the message of no
 * contract, and the contract's own message to nobody. @throws RollupError DESCRIPTOR_INVALID
 */
function boundDomain(file: string, domain: Json, { name }: Place, { domainNames }: Deployment): Json {
  if (domain.name !== undefined) return domain;
  const found = Object.hasOwn(domainNames, name) ? domainNames[name] : undefined;
  if (found !== undefined) return { name: found, ...domain };
  throw new RollupError("DESCRIPTOR_INVALID", `${file}: nobody says by which name ${name} was deployed`, {
    data: { file, name },
  });
}

function bind(file: string, place: Place, deployment: Deployment): BoundDescriptor | undefined {
  const addresses = addressesAt(place, deployment);
  if (addresses.length === 0) return undefined;
  const chainId = place.layer === "l1" ? deployment.l1ChainId : deployment.l2ChainId;
  const document = readDescriptor(file);
  const context = part(document, "context");
  const kind = isRecord(context.contract) ? "contract" : "eip712";
  const metadata = part(document, "metadata");
  const bound = part(context, kind);
  const domain = kind === "eip712" && { domain: boundDomain(file, part(bound, "domain"), place, deployment) };
  const constants = boundConstants(file, part(metadata, "constants"), place, deployment);
  return {
    file,
    document: {
      ...document,
      context: {
        ...context,
        [kind]: { ...bound, ...domain, deployments: addresses.map((address) => ({ chainId, address })) },
      },
      metadata: Object.keys(constants).length === 0 ? metadata : { ...metadata, constants },
    },
  };
}

/**
 * The descriptors of all contracts that a deployment has, for its addresses.
 * @throws RollupError DESCRIPTOR_INVALID
 */
export function boundDescriptors(deployment: Deployment): readonly BoundDescriptor[] {
  return [...DESCRIBED, ...DESCRIBED_MESSAGES]
    .map(({ file, place }) => bind(file, place, deployment))
    .filter((bound) => bound !== undefined);
}
