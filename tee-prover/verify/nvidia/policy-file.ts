import { configInvalid, type JsonObject } from "@phala-l2/protocol/config/json-reader";
import { onlyKnown, section } from "../policy-fields.ts";
import { GPU_MODES, type NvidiaPolicy, RIM_SUBJECTS, STRICT_NVIDIA_POLICY } from "./policy.ts";
import type { Revocation } from "./verify.ts";

const FIELDS = ["revoked", "chips", "devices", "modes", "drivers", "vbios", "rims"];

function texts(json: JsonObject, name: string): readonly string[] | undefined {
  return json.has(name) ? json.texts(name) : undefined;
}

/** A list of some of the known words. */
function words<Word extends string>(
  json: JsonObject,
  name: string,
  known: readonly Word[],
): readonly Word[] | undefined {
  return texts(json, name)?.map((text) => {
    const word = known.find((each) => each === text);
    if (word === undefined) throw configInvalid(json.pathOf(name), `of ${known.join(", ")} only`);
    return word;
  });
}

/** Serial numbers in hex, as certificates' are written here: lower case, no colons, no leading zeros. */
function serials(json: JsonObject, name: string): readonly string[] | undefined {
  return texts(json, name)?.map((text) => {
    const digits = text.replaceAll(":", "").toLowerCase();
    if (!/^(?:[\da-f]{2}){1,20}$/.test(digits)) {
      throw configInvalid(json.pathOf(name), "serial numbers of 1 to 20 bytes in hex are wanted");
    }
    return digits.replace(/^(?:00)+(?=.)/, "");
  });
}

function readRevocation(json: JsonObject): Revocation {
  onlyKnown(json, ["serials", "nextUpdate"]);
  return { serials: serials(json, "serials") ?? [], nextUpdate: json.integer("nextUpdate") };
}

/**
 * Reads the section `nvidia` of a policy file. What it does not mention stays as in the strict policy.
 * @throws RollupError CONFIG_INVALID with the field's path
 */
export function readNvidiaPolicy(root: JsonObject): NvidiaPolicy {
  const json = section(root, "nvidia", FIELDS);
  if (json === undefined) return STRICT_NVIDIA_POLICY;
  return {
    revocation: json.has("revoked") ? readRevocation(json.object("revoked")) : undefined,
    chips: texts(json, "chips"),
    devices: serials(json, "devices"),
    modes: words(json, "modes", GPU_MODES),
    drivers: texts(json, "drivers"),
    vbios: texts(json, "vbios")?.map((version) => version.toUpperCase()),
    rims: words(json, "rims", RIM_SUBJECTS) ?? [],
  };
}
