/**
 * Keccak-256 as a WebGPU compute shader: one invocation a message, whole padded blocks in, digests out. WGSL has no
 * 64-bit integers, so a lane of keccak-f[1600] is a pair of them, the low half first. The round is written out for all
 * 25 lanes because an array with computed indices would not stay in a GPU's registers.
 *
 * Source of the permutation: FIPS 202, sections 3.2 and 3.3; Keccak's own padding (0x01) is `batch.ts`'s.
 */

/** Invocations in a workgroup: a multiple of what any GPU runs in step, and below WebGPU's least limit of 256. */
export const WORKGROUP_SIZE = 64;
/** Lanes of the state, and how many of them one block of Keccak-256 fills. */
const LANES = 25;
const RATE_LANES = 17;
export const STATE_WORDS = 2 * LANES;
export const RATE_WORDS = 2 * RATE_LANES;
const ROUNDS = 24;
const U32_BITS = 32;

/** Round constants from the linear feedback register of FIPS 202, section 3.2.5, as low and high halves. */
function roundConstants(): readonly (readonly [low: number, high: number])[] {
  let register = 1;
  const bit = (): number => {
    const out = register & 1;
    register = (register & 0x80) === 0 ? register << 1 : (register << 1) ^ 0x171;
    return out;
  };
  return Array.from({ length: ROUNDS }, () => {
    let [low, high] = [0, 0];
    for (let j = 0; j <= 6; j++) {
      const place = 2 ** j - 1;
      if (bit() === 0) continue;
      if (place < U32_BITS) low += 2 ** place;
      else high += 2 ** (place - U32_BITS);
    }
    return [low, high];
  });
}

/** For each lane (5y + x) its rotation, and where pi takes it: FIPS 202, sections 3.2.2 and 3.2.3. */
function lanePaths(): readonly { readonly from: number; readonly to: number; readonly rotation: number }[] {
  const paths = [{ from: 0, to: 0, rotation: 0 }];
  let [x, y] = [1, 0];
  for (let t = 0; t < LANES - 1; t++) {
    const next = (2 * x + 3 * y) % 5;
    paths.push({ from: x + 5 * y, to: y + 5 * next, rotation: (((t + 1) * (t + 2)) / 2) % 64 });
    [x, y] = [y, next];
  }
  return paths;
}

function rotated(lane: string, by: number): string {
  if (by === 0) return lane;
  const [a, b] = by < U32_BITS ? ["xy", "yx"] : ["yx", "xy"];
  const left = by % U32_BITS;
  return left === 0
    ? `${lane}.${a}`
    : `((${lane}.${a} << vec2u(${left}u)) | (${lane}.${b} >> vec2u(${U32_BITS - left}u)))`;
}

const range = (length: number): readonly number[] => Array.from({ length }, (_, i) => i);

function round(): string {
  const theta = range(5).map(
    (x) =>
      `let c${x} = ${range(5)
        .map((y) => `a${x + 5 * y}`)
        .join(" ^ ")};`,
  );
  const spread = range(5).map((x) => `let d${x} = c${(x + 4) % 5} ^ ${rotated(`c${(x + 1) % 5}`, 1)};`);
  const mixed = range(LANES).map((i) => `a${i} ^= d${i % 5};`);
  const moved = lanePaths().map(({ from, to, rotation }) => `let b${to} = ${rotated(`a${from}`, rotation)};`);
  const chi = range(LANES).map((i) => {
    const row = i - (i % 5);
    return `a${i} = b${i} ^ (~b${row + ((i + 1) % 5)} & b${row + ((i + 2) % 5)});`;
  });
  return [...theta, ...spread, ...mixed, ...moved, ...chi, "a0 ^= ROUND[r];"].join("\n      ");
}

/**
 * The shader's text. Bindings of group 0:
 *
 *   0 uniform  vec4u   how many messages run, first block of this slice, blocks in a slice, messages in the batch
 *   1 storage  u32[]   the padded messages, as little-endian words
 *   2 storage  vec2u[] a message's first word and its number of blocks
 *   3 storage  u32[]   the states: word w of message i at w * messages + i, so that the digests come first
 *
 * A message of many blocks takes several dispatches, a slice of its blocks in each: no dispatch runs for so long that a
 * driver's watchdog ends it.
 */
export function kernelSource(): string {
  const constants = roundConstants().map(([low, high]) => `vec2u(${low}u, ${high}u)`);
  const each = (line: (i: number) => string, count = LANES): string => range(count).map(line).join("\n    ");
  return /* wgsl */ `
const ROUND = array<vec2u, ${ROUNDS}>(${constants.join(", ")});

@group(0) @binding(0) var<uniform> slice: vec4u;
@group(0) @binding(1) var<storage, read> words: array<u32>;
@group(0) @binding(2) var<storage, read> messages: array<vec2u>;
@group(0) @binding(3) var<storage, read_write> states: array<u32>;

fn load(lane: u32, message: u32) -> vec2u {
  return vec2u(states[2u * lane * slice.w + message], states[(2u * lane + 1u) * slice.w + message]);
}

fn store(lane: u32, message: u32, value: vec2u) {
  states[2u * lane * slice.w + message] = value.x;
  states[(2u * lane + 1u) * slice.w + message] = value.y;
}

@compute @workgroup_size(${WORKGROUP_SIZE})
fn keccak256(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x;
  if (i >= slice.x) { return; }
  let message = messages[i];
  let end = min(message.y, slice.y + slice.z);
    ${each((lane) => `var a${lane} = load(${lane}u, i);`)}
  for (var block = slice.y; block < end; block++) {
    let at = message.x + block * ${RATE_WORDS}u;
    ${each((lane) => `a${lane} ^= vec2u(words[at + ${2 * lane}u], words[at + ${2 * lane + 1}u]);`, RATE_LANES)}
    for (var r = 0u; r < ${ROUNDS}u; r++) {
      ${round()}
    }
  }
    ${each((lane) => `store(${lane}u, i, a${lane});`)}
}
`;
}
