import { BlockList, isIP } from 'node:net'
import { Failure } from '#lib/failure.ts'

/**
 * How far inside an address is. `never` is what no redirect has a reason to name: link-local (cloud metadata services
 * live there), unspecified, multicast and reserved addresses.
 */
export type Reach = 'public' | 'private' | 'loopback' | 'never'

const ranks: Readonly<Record<Reach, number>> = { public: 0, private: 1, loopback: 2, never: 3 }

/** https://www.iana.org/assignments/iana-ipv4-special-registry and …/iana-ipv6-special-registry */
const subnets: Readonly<Record<Exclude<Reach, 'public'>, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  private: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '198.18.0.0/15', 'fc00::/7'],
  never: [
    ...['0.0.0.0/8', '169.254.0.0/16', '192.0.0.0/24', '192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24'],
    ...['224.0.0.0/4', '240.0.0.0/4', '100.100.100.200/32', '::/128', 'fe80::/10', 'fec0::/10', 'ff00::/8'],
    ...['100::/64', '2001:db8::/32', 'fd00:ec2::254/128'],
  ],
}

const lists = new Map<Reach, BlockList>()

/** How far inside a literal IPv4 or IPv6 address is; IPv4 inside IPv6 (mapped, NAT64, 6to4) counts as the IPv4 address. */
export function reachOf(address: string): Reach {
  const plain = address.split('%')[0] ?? address
  const inner = isIP(plain) === 6 ? embeddedIpv4(plain) : undefined
  const text = inner ?? plain
  const family = isIP(text) === 6 ? 'ipv6' : 'ipv4'
  if (isIP(text) === 0) return 'never'
  for (const reach of ['never', 'loopback', 'private'] as const) {
    if (listOf(reach).check(text, family)) return reach
  }
  return 'public'
}

/** The deeper of several. */
export function deepest(reaches: readonly Reach[]): Reach {
  return reaches.reduce((worst, reach) => (ranks[reach] > ranks[worst] ? reach : worst), 'public')
}

/** Throws `http/refused-address` where a host that nobody named lies deeper than `allowed`. */
export function assertReach(host: string, reach: Reach, allowed: Reach): void {
  // A named host may itself be link-local; that opens nothing for hosts that nobody named.
  const limit = allowed === 'never' ? ranks.public : ranks[allowed]
  if (ranks[reach] <= limit) return
  const what = reach === 'never' ? 'a link-local or reserved' : `a ${reach}`
  throw new Failure('http/refused-address', `Refused to follow a server to ${host}: it is ${what} address`, {
    hint: `If ${host} is meant, name it yourself`,
  })
}

/** Without `[`, `]` and a final dot, in lower case: what host names are compared by. */
export function bareHost(host: string): string {
  const lower = host.toLowerCase()
  if (lower.startsWith('[') && lower.endsWith(']')) return lower.slice(1, -1)
  return lower.endsWith('.') ? lower.slice(0, -1) : lower
}

function listOf(reach: Exclude<Reach, 'public'>): BlockList {
  const known = lists.get(reach)
  if (known !== undefined) return known
  const list = new BlockList()
  for (const subnet of subnets[reach]) {
    const [address = '', bits] = subnet.split('/')
    list.addSubnet(address, Number(bits), isIP(address) === 6 ? 'ipv6' : 'ipv4')
  }
  lists.set(reach, list)
  return list
}

function embeddedIpv4(address: string): string | undefined {
  const words = ipv6Words(address)
  if (words === undefined) return undefined
  const zeros = (from: number, to: number) => words.slice(from, to).every(word => word === 0)
  const dotted = (high = 0, low = 0) => `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`
  const mapped = zeros(0, 5) && words[5] === 0xffff
  const compatible = zeros(0, 6) && (words[6] !== 0 || (words[7] ?? 0) > 1)
  const nat64 = words[0] === 0x64 && words[1] === 0xff9b
  if (mapped || compatible || nat64) return dotted(words[6], words[7])
  if (words[0] === 0x2002) return dotted(words[1], words[2])
  return undefined
}

function ipv6Words(address: string): readonly number[] | undefined {
  const lastColon = address.lastIndexOf(':')
  const tail = address.slice(lastColon + 1)
  let text = address
  if (tail.includes('.')) {
    const [a = 0, b = 0, c = 0, d = 0] = tail.split('.').map(Number)
    text = `${address.slice(0, lastColon + 1)}${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`
  }
  const [left = '', right] = text.split('::')
  const words = (part: string) => (part === '' ? [] : part.split(':').map(word => Number.parseInt(word, 16)))
  const before = words(left)
  const after = right === undefined ? [] : words(right)
  const gap = 8 - before.length - after.length
  if (right === undefined ? gap !== 0 : gap < 0) return undefined
  return [...before, ...new Array<number>(gap).fill(0), ...after]
}
