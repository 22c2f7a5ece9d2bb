import { isRecord } from "@phala-l2/protocol/json-record";
import {
  type Fault,
  integer,
  listOf,
  mapOf,
  matching,
  oneOf,
  record,
  type Shape,
  scalar,
  text,
  whichever,
} from "./shape.ts";

/**
 * ERC-7730, version 2, as its JSON schema has it (https://eips.ethereum.org/EIPS/eip-7730), and stricter where wallets are:
 * a field names a path or a value and its label; nothing deprecated is used.
 */
export const SCHEMA_URL = "https://eips.ethereum.org/assets/eip-7730/erc7730-v2.schema.json";

const address = matching(/^0x[0-9a-fA-F]{40}$/, "an address");
/** A literal address or the path of a constant. */
const addressOrConstant = matching(
  /^(0x[0-9a-fA-F]{40}|\$\.metadata\.constants\.\w+)$/,
  "an address or the path of a constant",
);
const path = matching(
  /^(#\.|@\.)?[A-Za-z_]\w*(\.(\[(-?\d+(:-?\d+)?)?\]|[A-Za-z_]\w*))*$|^@\.(to|from|value)$/,
  "a path into the signed data",
);
const deployments = listOf(record({ chainId: integer, address }));

const PARAMS: Readonly<Record<string, Shape>> = {
  raw: record({}),
  amount: record({}),
  duration: record({}),
  chainId: record({}),
  addressName: record(
    {},
    {
      types: listOf(oneOf("wallet", "eoa", "contract", "token", "collection")),
      sources: listOf(oneOf("local", "ens")),
      senderAddress: addressOrConstant,
    },
  ),
  tokenTicker: record({}),
  tokenAmount: whichever(
    [[["tokenPath"], record({ tokenPath: path }, { threshold: text, message: text })]],
    record({ token: addressOrConstant }, { threshold: text, message: text }),
  ),
  date: record({ encoding: oneOf("blockheight", "timestamp") }),
  unit: record({ base: text }, { decimals: integer, prefix: scalar }),
  enum: record({ $ref: matching(/^\$\.metadata\.enums\.\w+$/, "the path of an enum") }),
  calldata: record({ calleePath: path }, { selectorPath: path, amountPath: path, spenderPath: path }),
};
/** Formats that say nothing without their parameters. */
const NEEDS_PARAMS = new Set(["tokenAmount", "date", "unit", "enum", "calldata"]);

const visible: Shape = (value, at) =>
  isRecord(value)
    ? whichever([[["mustBe"], record({ mustBe: listOf(scalar) })]], record({ ifNotIn: listOf(scalar) }))(
        value,
        at,
      )
    : oneOf("always", "never", "optional")(value, at);

const formatted: Shape = (value, at) => {
  const format = isRecord(value) ? String(value.format) : "";
  const params = PARAMS[format] ?? record({});
  const own = { label: text, format: oneOf(...Object.keys(PARAMS)) };
  const needed = NEEDS_PARAMS.has(format) ? { params } : {};
  const optional = { $id: text, visible, separator: text, params };
  return whichever([[["value"], record({ ...own, ...needed, value: scalar }, optional)]], (each, where) =>
    record({ ...own, ...needed, path }, optional)(each, where),
  )(value, at);
};

const group: Shape = (value, at) =>
  record(
    { fields: listOf(field) },
    { $id: text, path, label: text, iteration: oneOf("sequential", "bundled") },
  )(value, at);

const reference = record(
  { $ref: matching(/^\$\.display\.definitions\.\w+$/, "the path of a definition") },
  { path, value: scalar, label: text, params: mapOf(text) },
);

const field = whichever(
  [
    [["$ref"], reference],
    [["fields"], group],
  ],
  formatted,
);

/** A function with its parameters' types and names, or the text that EIP-712 makes of a type (encodeType). */
const formatKey = matching(/^[A-Za-z_]\w*\((.*)\)$/, "a function or a type with the names of its members");

const descriptor = record(
  {
    $schema: oneOf(SCHEMA_URL),
    context: whichever(
      [
        [
          ["eip712"],
          record(
            { eip712: record({ domain: record({}, { name: text, version: text }), deployments }) },
            { $id: text },
          ),
        ],
      ],
      record({ contract: record({ deployments }) }, { $id: text }),
    ),
    metadata: record(
      { owner: text, contractName: text },
      {
        info: record({ url: matching(/^https:\/\//, "an https URL") }, { deploymentDate: text }),
        token: record({ name: text, ticker: text, decimals: integer }),
        constants: mapOf(scalar),
        enums: mapOf(mapOf(text)),
      },
    ),
    display: record(
      {
        formats: mapOf(
          record({ intent: text, fields: listOf(field) }, { $id: text, interpolatedIntent: text }),
          formatKey,
        ),
      },
      { definitions: mapOf(field) },
    ),
  },
  { $comment: text },
);

/** What keeps a JSON document from being a descriptor of version 2; nothing: it is one. */
export function descriptorFaults(document: unknown): readonly Fault[] {
  return descriptor(document, "$");
}
