import type { JsonObject } from "@phala-l2/protocol/config/json-reader";
import { hexList, section } from "../policy-fields.ts";
import { type Explanation, type Refusal, refusalsOf } from "../refusal.ts";
import type { DstackIdentity } from "./identity.ts";

/** What is accepted of a TD under dstack, besides the policy on the TD itself. Undefined: all; hex without 0x. */
export type DstackPolicy = {
  readonly appIds: readonly string[] | undefined;
  readonly composeHashes: readonly string[] | undefined;
  readonly osImageHashes: readonly string[] | undefined;
  readonly instanceIds: readonly string[] | undefined;
};

export const STRICT_DSTACK_POLICY: DstackPolicy = {
  appIds: undefined,
  composeHashes: undefined,
  osImageHashes: undefined,
  instanceIds: undefined,
};

const catalogue = {
  APPLICATION_NOT_ACCEPTED: {
    message: "an application, image or instance that the policy does not list",
    remedy: "start the released application on the released image",
  },
} as const satisfies Readonly<Record<string, Explanation>>;

export type DstackPolicyCode = keyof typeof catalogue;
export const DSTACK_POLICY_CODES: readonly string[] = Object.keys(catalogue);
export type DstackPolicyRefusal = Refusal<DstackPolicyCode, "12 policy">;
const refuse = refusalsOf<DstackPolicyCode>(catalogue);

/** Judges what was started; the first list that does not have it is the answer. */
export function appraiseDstack(
  identity: DstackIdentity,
  policy: DstackPolicy,
): DstackPolicyRefusal | undefined {
  const rules = [
    ["app-id", identity.appId, policy.appIds],
    ["compose-hash", identity.composeHash, policy.composeHashes],
    ["os-image-hash", identity.osImageHash, policy.osImageHashes],
    ["instance-id", identity.instanceId, policy.instanceIds],
  ] as const;
  for (const [field, found, accepted] of rules) {
    if (accepted === undefined || (found !== undefined && accepted.includes(found))) continue;
    const wanted = accepted.join(" or ") || "none at all";
    return refuse("APPLICATION_NOT_ACCEPTED", "12 policy", { field, wanted, found: found ?? "no event" });
  }
  return undefined;
}

const FIELDS = ["appIds", "composeHashes", "osImageHashes", "instanceIds"];

/** Reads the section `dstack` of a policy file. @throws RollupError CONFIG_INVALID with the field's path */
export function readDstackPolicy(root: JsonObject): DstackPolicy {
  const json = section(root, "dstack", FIELDS);
  return {
    appIds: hexList(json, "appIds", 20),
    composeHashes: hexList(json, "composeHashes", 32),
    osImageHashes: hexList(json, "osImageHashes", 32),
    instanceIds: hexList(json, "instanceIds", 20),
  };
}
