import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  consistencyPath,
  type Hash,
  hexOfHash,
  inclusionPath,
  isConsistent,
  leafHash,
  type Nodes,
  nodeHash,
  rootFromInclusion,
  rootOf,
} from '../../src/proofs/merkle.ts';

const leaves = (count: number): Hash[] => Array.from({ length: count }, (_, i) => leafHash(`event ${i}`));

/** The definition of RFC 6962, word for word: the tests' own tree. */
function mth(list: readonly Hash[]): Hash {
  if (list.length === 1) return list[0]!;
  let k = 1;
  while (k * 2 < list.length) k *= 2;
  return nodeHash(mth(list.slice(0, k)), mth(list.slice(k)));
}

const nodesOf =
  (list: readonly Hash[]): Nodes =>
  async (height, index) =>
    mth(list.slice(index * 2 ** height, (index + 1) * 2 ** height));

describe('the Merkle tree', () => {
  it('has the roots that RFC 6962 implementations publish for their test vectors', async () => {
    // Inputs and roots of the test data of certificate-transparency (trees of 1 to 8 leaves).
    const inputs = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
    const roots = [
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
      'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
      '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
      '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
      'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
      '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
    ];
    // The bytes of these inputs are all below 0x80, so text is as good as bytes.
    const list = inputs.map((hex) => leafHash(Buffer.from(hex, 'hex').toString('utf8')));
    for (const [i, root] of roots.entries())
      expect(hexOfHash(await rootOf(nodesOf(list.slice(0, i + 1)), i + 1))).toBe(root);
  });

  it('proves every leaf of every tree up to 33 leaves, and no other leaf, place or size by the same path', async () => {
    for (let size = 1; size <= 33; size++) {
      const list = leaves(size);
      const root = mth(list);
      for (let index = 0; index < size; index++) {
        const path = await inclusionPath(nodesOf(list), index, size);
        expect(rootFromInclusion(list[index]!, index, size, path)).toBe(root);
        expect(rootFromInclusion(leafHash('another'), index, size, path)).not.toBe(root);
        if (size > 1) expect(rootFromInclusion(list[index]!, (index + 1) % size, size, path)).not.toBe(root);
        expect(rootFromInclusion(list[index]!, index, size, [...path, root])).toBeUndefined();
        if (path.length > 0) expect(rootFromInclusion(list[index]!, index, size, path.slice(1))).not.toBe(root);
      }
    }
  });

  it('proves that each tree up to 33 leaves begins with each smaller one, and with no other', async () => {
    const list = leaves(33);
    for (let newer = 1; newer <= 33; newer++) {
      for (let older = 1; older <= newer; older++) {
        const path = await consistencyPath(nodesOf(list), older, newer);
        const [was, is] = [
          { size: older, root: mth(list.slice(0, older)) },
          { size: newer, root: mth(list.slice(0, newer)) },
        ];
        expect(isConsistent(was, is, path)).toBe(true);
        expect(isConsistent({ ...was, root: leafHash('another') }, is, path)).toBe(false);
        expect(isConsistent(was, { ...is, root: leafHash('another') }, path)).toBe(false);
        expect(isConsistent(was, is, [...path, was.root])).toBe(false);
      }
    }
  });

  it('finds any change of any leaf at once: no edited sequence is consistent with an older root', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 2, max: 200 }), fc.nat(), fc.nat(), async (newer, a, b) => {
        const older = 1 + (a % (newer - 1));
        const list = leaves(newer);
        const edited = list.with(b % older, leafHash('edited'));
        const path = await consistencyPath(nodesOf(edited), older, newer);
        const was = { size: older, root: mth(list.slice(0, older)) };
        expect(isConsistent(was, { size: newer, root: mth(edited) }, path)).toBe(false);
      }),
    );
  });
});
