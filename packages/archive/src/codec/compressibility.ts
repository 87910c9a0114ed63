// Tells data that deflate cannot make smaller (media, packed archives, region files) by looking at some of its bytes, in a hundredth
// of the time that trying would take.

/** Bits a byte, of 8, from which on trying is not worth its time: what is lost is about 1% of such data, measured on jar files, which lose most. */
const entropyBitsMin = 7.97;
/** A shorter piece has too few bytes to judge by. */
export const judgedBytesMin = 4_096;
/** Samples that are enough to judge by, where the piece has so many. */
const samplesWanted = 4_096;
/** Odd, so that every lane of words and records is looked at. */
const sampleStrides = [15, 13, 11, 7, 5, 3];
/** Files stand at multiples of 512 in a tar, and so do copies of one. */
const repeatStride = 512;
/** Of the places that are looked at, how many may begin as another one does before the data counts as repeating itself. */
const repeatsShareMax = 1 / 16;

const counts = new Uint32Array(256);

/** Whether the piece is not worth deflating. A guess that costs space or time when it is wrong, never bytes. */
export function isIncompressible(piece: Buffer): boolean {
  if (piece.length < judgedBytesMin) return false;
  return sampledEntropyBits(piece) >= entropyBitsMin && !repeatsItself(piece);
}

/** Entropy of the order 0 of the sampled bytes, with the correction for how few they are (Miller and Madow). */
function sampledEntropyBits(piece: Buffer): number {
  const stride = sampleStrides.find((each) => piece.length / each >= samplesWanted) ?? 1;
  counts.fill(0);
  let samples = 0;
  for (let at = 0; at < piece.length; at += stride) {
    counts[piece[at] as number] = (counts[piece[at] as number] as number) + 1;
    samples += 1;
  }
  let sum = 0;
  for (const count of counts) if (count > 0) sum += count * Math.log2(count);
  return Math.log2(samples) - sum / samples + 255 / (2 * samples * Math.LN2);
}

function repeatsItself(piece: Buffer): boolean {
  const seen = new Set<number>();
  const places = Math.floor(piece.length / repeatStride);
  for (let place = 0; place < places; place += 1) {
    seen.add(piece.readUInt32LE(place * repeatStride));
  }
  return places - seen.size > places * repeatsShareMax;
}
