import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { bytesEqual, concatBytes } from "@phala-l2/protocol/bytes";
import { isRollupError } from "@phala-l2/protocol/errors";
import { guidBytes, mixedEndian, readCertificateTable } from "./certificate-table.ts";
import { configfsTsm, kernelFiles } from "./configfs-tsm.ts";
import { simulatedSevSnp, simulatedTdx } from "./dangerously-simulated/platforms.ts";
import {
  certificateTable,
  type KernelOptions,
  KernelTsm,
  reportOf,
  systemError,
} from "./testing/kernel-tsm.ts";

const NOW = 1_795_000_000n;
const ROOT = "/sys/kernel/config/tsm/report";
const DATA = Uint8Array.from({ length: 64 }, (_, i) => i + 1);
const tdx = simulatedTdx("TDX");
const snp = simulatedSevSnp("SEV_SNP");

const tdxReport: KernelOptions["report"] = async (inblob) => reportOf(tdx(inblob, NOW));
const snpReport: KernelOptions["report"] = async (inblob) => reportOf(snp(inblob, NOW));

function tdxKernel(options: Partial<KernelOptions> = {}): KernelTsm {
  return new KernelTsm(ROOT, { report: tdxReport, ...options });
}

function ask(files: KernelTsm, kind: "TDX" | "SEV_SNP" = "TDX", privilegeLevel?: number) {
  return configfsTsm({ kind, files, root: ROOT, retryMs: 0, privilegeLevel }).evidence(DATA);
}

describe("a TD's quote from the kernel", () => {
  it("is over the report data, from an entry of its own that is gone afterwards", async () => {
    const kernel = tdxKernel();
    const [one, two] = [await ask(kernel), await ask(kernel)];
    assert.ok(one.kind === "TDX" && two.kind === "TDX");
    assert.equal(one.collateral, undefined);
    assert.equal(new Set(kernel.made).size, 2);
    assert.equal(kernel.left, 0);
  });

  it("may end with zeros, as a driver's buffer does", async () => {
    const report: KernelOptions["report"] = async (data) =>
      concatBytes(await tdxReport(data, 0), new Uint8Array(2000));
    const evidence = await ask(tdxKernel({ report }));
    assert.equal(evidence.kind, "TDX");
  });

  it("is asked for side by side", async () => {
    const kernel = tdxKernel();
    const all = await Promise.all(Array.from({ length: 8 }, () => ask(kernel)));
    assert.equal(all.length, 8);
    assert.equal(kernel.left, 0);
  });
});

describe("a guest's report under SEV-SNP", () => {
  const host = snp(DATA, NOW);
  assert.ok(host.kind === "SEV_SNP" && host.leaf !== undefined && host.crl !== undefined);
  const { leaf, crl } = host;
  const [ask1, ark1] = [Uint8Array.of(0x30, 1, 1), Uint8Array.of(0x30, 1, 2)];
  const kernelWith = (auxblob: Uint8Array, options: Partial<KernelOptions> = {}) =>
    new KernelTsm(ROOT, { provider: "sev_guest", report: snpReport, auxblob, ...options });

  it("comes with the certificates that the host hands over", async () => {
    for (const order of [(guid: Uint8Array) => guid, mixedEndian]) {
      const auxblob = certificateTable([
        [order(guidBytes("vcek")), leaf],
        [order(guidBytes("ask")), ask1],
        [order(guidBytes("ark")), ark1],
        [order(guidBytes("crl")), crl],
        [new Uint8Array(16).fill(7), Uint8Array.of(1)],
      ]);
      const evidence = await ask(kernelWith(auxblob), "SEV_SNP");
      assert.ok(evidence.kind === "SEV_SNP" && evidence.leaf && evidence.chain && evidence.crl);
      assert.ok(bytesEqual(evidence.leaf, leaf));
      assert.ok(bytesEqual(evidence.chain, concatBytes(ask1, ark1)));
      assert.ok(bytesEqual(evidence.crl, crl));
    }
  });

  it("of a fleet has its VLEK", async () => {
    const evidence = await ask(kernelWith(certificateTable([[guidBytes("vlek"), leaf]])), "SEV_SNP");
    assert.ok(evidence.kind === "SEV_SNP" && evidence.leaf && bytesEqual(evidence.leaf, leaf));
    assert.equal(evidence.chain, undefined);
  });

  it("comes without certificates where the host has none", async () => {
    for (const auxblob of [new Uint8Array(0), new Uint8Array(24), new Uint8Array(4096)]) {
      const evidence = await ask(kernelWith(auxblob), "SEV_SNP");
      assert.ok(evidence.kind === "SEV_SNP");
      assert.deepEqual([evidence.leaf, evidence.chain, evidence.crl], [undefined, undefined, undefined]);
    }
  });

  it("is asked for at the privilege level that is set", async () => {
    let level = -1;
    const report: KernelOptions["report"] = (data, asked) => {
      level = asked;
      return snpReport(data, asked);
    };
    await ask(kernelWith(new Uint8Array(0), { report, floor: 1 }), "SEV_SNP", 2);
    assert.equal(level, 2);
  });

  it("below the guest's own privilege level is refused by the kernel", async () => {
    for (const level of [undefined, 0, 1]) {
      const kernel = kernelWith(new Uint8Array(0), { floor: 2 });
      await assert.rejects(ask(kernel, "SEV_SNP", level), { code: "EVIDENCE_TSM_REFUSED" });
      assert.equal(kernel.left, 0);
    }
  });
});

describe("a machine without the TEE that is wanted", () => {
  it("has no such folder", async () => {
    const source = configfsTsm({ kind: "TDX", root: join(tmpdir(), "no-such-folder", "report") });
    await assert.rejects(source.evidence(DATA), { code: "EVIDENCE_NO_TSM", message: /6\.7/ });
  });

  it("has no driver behind the interface", async () => {
    await assert.rejects(ask(tdxKernel({ provider: "" })), { code: "EVIDENCE_NO_TSM", message: /driver/ });
  });

  it("has another vendor's TEE", async () => {
    const mismatch = { code: "EVIDENCE_PROVIDER_MISMATCH" };
    const kernel = tdxKernel();
    await assert.rejects(ask(kernel, "SEV_SNP"), mismatch);
    for (const provider of ["sev_guest", "arm_cca_guest", "tdx_guest2", "TDX_GUEST"]) {
      await assert.rejects(ask(tdxKernel({ provider })), mismatch);
    }
    assert.equal(kernel.left, 0);
  });

  it("does not let the prover make entries", async () => {
    for (const errno of ["EACCES", "EPERM", "EROFS", "ENOSPC"]) {
      const before = (access: string) => {
        if (access === "make") throw systemError(errno);
      };
      await assert.rejects(ask(tdxKernel({ before })), (error) => {
        assert.ok(isRollupError(error, "EVIDENCE_TSM_REFUSED"));
        return error.message.includes(errno);
      });
    }
  });
});

describe("a TEE in use", () => {
  /** Fails so many times at an access, then no more. */
  function failing(access: string, errno: string, times: number): Pick<KernelOptions, "before"> {
    let left = times;
    return {
      before: (now) => {
        if (now !== access || left === 0) return;
        left--;
        throw systemError(errno);
      },
    };
  }

  it("is asked again while it is busy", async () => {
    for (const errno of ["EBUSY", "EAGAIN", "EINTR", "ETIMEDOUT"]) {
      for (const access of ["read outblob", "write inblob", "make"]) {
        const kernel = tdxKernel(failing(access, errno, 4));
        assert.equal((await ask(kernel)).kind, "TDX");
        assert.equal(kernel.left, 0);
      }
    }
  });

  it("that stays busy is given up", async () => {
    const kernel = tdxKernel(failing("read outblob", "EBUSY", 100));
    await assert.rejects(ask(kernel), { code: "EVIDENCE_TSM_BUSY" });
    assert.equal(kernel.left, 0);
  });

  it("that fails otherwise is not asked again", async () => {
    for (const errno of ["EIO", "ENODEV", "EINVAL", "EACCES"]) {
      const kernel = tdxKernel(failing("read outblob", errno, 100));
      await assert.rejects(ask(kernel), { code: "EVIDENCE_TSM_REFUSED" });
      assert.equal(kernel.made.length, 1);
    }
  });

  it("gives no quote of what another process wrote in between, at whatever moment", async () => {
    const accesses = ["read generation", "write inblob", "read outblob"];
    const other = new Uint8Array(64).fill(0xee);
    for (const access of accesses) {
      let seen = 0;
      for (const moment of [1, 2, 3]) {
        const before: KernelOptions["before"] = (now, kernel) => {
          if (now === access && ++seen === moment) kernel.interfere(other);
        };
        seen = 0;
        const evidence = await ask(tdxKernel({ before }));
        assert.ok(evidence.kind === "TDX");
        assert.ok(bytesEqual(evidence.quote.subarray(48 + 520, 48 + 584), DATA), `${access} ${moment}`);
      }
    }
  });

  it("that another process disturbs at each attempt is given up", async () => {
    for (const access of ["read outblob", "write inblob"]) {
      const before: KernelOptions["before"] = (now, kernel) => {
        if (now === access) kernel.interfere(DATA);
      };
      const kernel = tdxKernel({ before });
      await assert.rejects(ask(kernel), { code: "EVIDENCE_TSM_RACE" });
      assert.equal(kernel.made.length, 5);
      assert.equal(kernel.left, 0);
    }
  });

  it("whose kernel drops the write without a word is found out", async () => {
    class Deaf extends KernelTsm {
      override async write(): Promise<void> {}
    }
    await assert.rejects(ask(new Deaf(ROOT, { report: tdxReport })), { code: "EVIDENCE_TSM_RACE" });
  });

  it("whose generation is no number is refused", async () => {
    class Odd extends KernelTsm {
      override async read(file: string): Promise<Uint8Array> {
        return file.endsWith("generation") ? new TextEncoder().encode("-1\n") : super.read(file);
      }
    }
    await assert.rejects(ask(new Odd(ROOT, { report: tdxReport })), { code: "EVIDENCE_MALFORMED" });
  });
});

describe("a report that is not the one asked for", () => {
  it("is over other bytes, as under a paravisor", async () => {
    const report: KernelOptions["report"] = async () => tdxReport(new Uint8Array(64).fill(9), 0);
    await assert.rejects(ask(tdxKernel({ report })), { code: "EVIDENCE_REPORT_DATA" });
  });

  it("is none at all", async () => {
    for (const bytes of [new Uint8Array(0), new Uint8Array(584), reportOf(snp(DATA, NOW))]) {
      await assert.rejects(ask(tdxKernel({ report: async () => bytes })), { code: "EVIDENCE_MALFORMED" });
    }
  });

  it("cannot be asked for with other than 64 bytes", async () => {
    for (const length of [0, 32, 63, 65]) {
      const source = configfsTsm({ kind: "TDX", files: tdxKernel(), root: ROOT });
      await assert.rejects(source.evidence(new Uint8Array(length)), { code: "BYTES_LENGTH" });
    }
  });
});

describe("a host's certificate table", () => {
  const guid = guidBytes("vcek");
  const table = certificateTable([[guid, Uint8Array.of(1, 2, 3)]]);

  it("is refused when it is cut, or points outside", () => {
    for (let length = 1; length < table.length; length++) {
      assert.throws(() => readCertificateTable(table.subarray(0, length)), { code: "EVIDENCE_MALFORMED" });
    }
    for (const at of [16, 17, 18, 19, 20, 23]) {
      const broken = table.slice();
      broken[at] = 0xff;
      assert.throws(() => readCertificateTable(broken), { code: "EVIDENCE_MALFORMED" });
    }
  });

  it("is refused when a certificate stands there twice, in whatever byte order", () => {
    for (const second of [guid, mixedEndian(guid)]) {
      const twice = certificateTable([
        [guid, Uint8Array.of(1)],
        [second, Uint8Array.of(2)],
      ]);
      assert.throws(() => readCertificateTable(twice), { code: "EVIDENCE_MALFORMED" });
    }
  });

  it("is refused when it does not end", () => {
    const endless = new Uint8Array(24 * 100).fill(5);
    assert.throws(() => readCertificateTable(endless), { code: "EVIDENCE_MALFORMED" });
  });

  it("has GUIDs as AMD writes them", () => {
    assert.equal(Buffer.from(guid).toString("hex"), "63da758de6644564adc5f4b93be8accd");
    assert.equal(Buffer.from(mixedEndian(guid)).toString("hex"), "8d75da6364e66445adc5f4b93be8accd");
  });
});

describe("the kernel's files", () => {
  const folder = mkdtempSync(join(tmpdir(), "tsm-"));
  after(() => rmSync(folder, { recursive: true }));

  it("are read to their end whatever their size says", async () => {
    const bytes = new Uint8Array(200_000).fill(3);
    writeFileSync(join(folder, "outblob"), bytes);
    assert.ok(bytesEqual(await kernelFiles.read(join(folder, "outblob")), bytes));
    assert.match(new TextDecoder().decode(await kernelFiles.read("/proc/version")), /Linux/);
  });

  it("are not read without an end", async () => {
    await assert.rejects(kernelFiles.read("/dev/zero"), { code: "EVIDENCE_MALFORMED" });
  });

  it("are written and neither made nor cut", async () => {
    writeFileSync(join(folder, "inblob"), "abcdef");
    await kernelFiles.write(join(folder, "inblob"), Uint8Array.of(0x58));
    assert.equal(readFileSync(join(folder, "inblob"), "latin1"), "Xbcdef");
    await assert.rejects(kernelFiles.write(join(folder, "none"), Uint8Array.of(1)), { code: "ENOENT" });
  });

  it("are an entry's, which is made and removed, and never shared", async () => {
    const entry = join(folder, "entry");
    await kernelFiles.make(entry);
    await assert.rejects(kernelFiles.make(entry), { code: "EEXIST" });
    await kernelFiles.remove(entry);
    assert.ok(!readdirSync(folder).includes("entry"));
  });

  it("of a plain folder are no interface, and nothing is left there", async () => {
    const root = join(folder, "plain");
    mkdirSync(root);
    const source = configfsTsm({ kind: "TDX", root });
    await assert.rejects(source.evidence(DATA), { code: "EVIDENCE_TSM_REFUSED" });
    assert.deepEqual(readdirSync(root), []);
  });
});
