import {
  type AmdWorld,
  issueAuthority,
  issueLeaf,
} from "@phala-l2/tee-prover/attest/dangerously-simulated/amd";
import { CA_USAGE, issueCertificate } from "@phala-l2/tee-prover/attest/dangerously-simulated/authority";
import {
  type PrimeSteps,
  publicKnownRsaKey,
} from "@phala-l2/tee-prover/attest/dangerously-simulated/derived-keys";
import type { Product } from "@phala-l2/tee-prover/verify/amd/product";

/** How far each key's primes are from where their search begins; they were searched once, which takes seconds. */
const PRIMES: Readonly<Record<Product | "ASK" | "ASVK", PrimeSteps>> = {
  Milan: { p: 680n, q: 300n },
  Genoa: { p: 409n, q: 831n },
  Turin: { p: 184n, q: 3361n },
  ASK: { p: 614n, q: 502n },
  ASVK: { p: 2183n, q: 239n },
};

/**
 * A development AMD for each product whose authorities have RSA keys of 4,096 bits, as AMD's have and as L1 takes them
 * alone. Everybody has these keys. ASK and ASVK share theirs among products, roots do not: a root says which product it is.
 */
export function issueAmdWorldsForL1(): Readonly<Record<Product, AmdWorld>> {
  const askKey = publicKnownRsaKey("amd ask genoa", PRIMES.ASK);
  const asvkKey = publicKnownRsaKey("amd asvk", PRIMES.ASVK);
  const world = (product: Product): AmdWorld => {
    const key = publicKnownRsaKey(`amd ark ${product.toLowerCase()}`, PRIMES[product]);
    const subject = `ARK-${product}`;
    const ark = issueCertificate({ subject, ca: true, keyUsage: CA_USAGE }, undefined, key);
    const ask = issueAuthority(ark, `SEV-${product}`, {}, askKey);
    const asvk = issueAuthority(ark, `SEV-VLEK-${product}`, {}, asvkKey);
    const authorities = { product, ark, ask, asvk };
    const vcek = issueLeaf(authorities);
    return { ...authorities, vcek, vlek: issueLeaf(authorities, { endorsement: "VLEK" }) };
  };
  return { Milan: world("Milan"), Genoa: world("Genoa"), Turin: world("Turin") };
}
