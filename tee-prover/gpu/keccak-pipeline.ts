import { DIGEST_BYTES } from "./batch.ts";
import { kernelSource, STATE_WORDS, WORKGROUP_SIZE } from "./kernel.ts";
import type { Question } from "./messages.ts";

/**
 * Blocks of each message that one dispatch absorbs: any contract's code in one (24 KiB are 181), a transaction of
 * megabytes in several, each far below the seconds after which drivers end a dispatch.
 */
const SLICE_BLOCKS = 256;
const WORD = 4;

/** WebGPU's flags, which the package hands out and a browser has as globals. */
export type GpuFlags = {
  readonly GPUBufferUsage: typeof GPUBufferUsage;
  readonly GPUMapMode: typeof GPUMapMode;
};

/** The kernel on one device, compiled once. */
export class KeccakPipeline {
  readonly #device: GPUDevice;
  readonly #flags: GpuFlags;
  readonly #pipeline: GPUComputePipeline;

  private constructor(device: GPUDevice, flags: GpuFlags, pipeline: GPUComputePipeline) {
    this.#device = device;
    this.#flags = flags;
    this.#pipeline = pipeline;
  }

  /** @throws GPUPipelineError when the driver does not take the kernel */
  static async on(device: GPUDevice, flags: GpuFlags): Promise<KeccakPipeline> {
    const module = device.createShaderModule({ code: kernelSource() });
    const compute = { module, entryPoint: "keccak256" };
    return new KeccakPipeline(
      device,
      flags,
      await device.createComputePipelineAsync({ layout: "auto", compute }),
    );
  }

  /**
   * Runs one batch: word w of message i's digest comes at w * count + i.
   * @throws Error of WebGPU: out of memory, device lost, validation
   */
  async run({ data, spans }: Pick<Question, "data" | "spans">): Promise<Uint8Array> {
    const { GPUBufferUsage: usage } = this.#flags;
    const count = spans.length / 2;
    if (count === 0) return new Uint8Array(0);
    this.#device.pushErrorScope("out-of-memory");
    this.#device.pushErrorScope("validation");
    const buffers = {
      slice: this.#buffer(4 * WORD, usage.UNIFORM | usage.COPY_DST),
      words: this.#buffer(data.length, usage.STORAGE | usage.COPY_DST),
      messages: this.#buffer(spans.byteLength, usage.STORAGE | usage.COPY_DST),
      states: this.#buffer(count * STATE_WORDS * WORD, usage.STORAGE | usage.COPY_SRC),
      digests: this.#buffer(count * DIGEST_BYTES, usage.MAP_READ | usage.COPY_DST),
    };
    try {
      this.#device.queue.writeBuffer(buffers.words, 0, data);
      this.#device.queue.writeBuffer(buffers.messages, 0, spans);
      this.#dispatch(buffers, spans);
      const errors = [await this.#device.popErrorScope(), await this.#device.popErrorScope()];
      const error = errors.find((each) => each !== null);
      if (error) throw new Error(error.message);
      return await this.#read(buffers.digests);
    } finally {
      for (const buffer of Object.values(buffers)) buffer.destroy();
    }
  }

  #buffer(size: number, usage: number): GPUBuffer {
    return this.#device.createBuffer({ size, usage });
  }

  /** Every slice of blocks in a dispatch of its own; the messages that have ended by then are the last ones. */
  #dispatch(
    {
      slice,
      words,
      messages,
      states,
      digests,
    }: Record<"slice" | "words" | "messages" | "states" | "digests", GPUBuffer>,
    spans: Uint32Array,
  ): void {
    const count = spans.length / 2;
    const entries = [slice, words, messages, states].map((buffer, binding) => ({
      binding,
      resource: { buffer },
    }));
    const group = this.#device.createBindGroup({ layout: this.#pipeline.getBindGroupLayout(0), entries });
    let running = count;
    for (let from = 0; running > 0; from += SLICE_BLOCKS) {
      while (running > 0 && (spans[2 * running - 1] ?? 0) <= from) running--;
      if (running === 0) break;
      this.#device.queue.writeBuffer(slice, 0, Uint32Array.of(running, from, SLICE_BLOCKS, count));
      const encoder = this.#device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setPipeline(this.#pipeline);
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(Math.ceil(running / WORKGROUP_SIZE));
      pass.end();
      this.#device.queue.submit([encoder.finish()]);
    }
    const encoder = this.#device.createCommandEncoder();
    encoder.copyBufferToBuffer(states, 0, digests, 0, count * DIGEST_BYTES);
    this.#device.queue.submit([encoder.finish()]);
  }

  async #read(digests: GPUBuffer): Promise<Uint8Array> {
    await digests.mapAsync(this.#flags.GPUMapMode.READ);
    const words = new Uint8Array(digests.getMappedRange()).slice();
    digests.unmap();
    return words;
  }
}
