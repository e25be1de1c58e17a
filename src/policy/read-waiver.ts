import { parsePurl } from '#model/purl.ts'
import { type Cursor, fault, readDay, readList, readObject, readText, readWord, required } from './faults.ts'
import { justifications, type Waiver, waiverEnds } from './types.ts'

const waiverKeys = [
  'id',
  'vulnerability',
  'package',
  'path',
  'image',
  'justification',
  'reason',
  'requestedBy',
  'approvedBy',
  'expires',
  'endsWhen',
]

/** Reads one entry of `waivers`: who, why and until when are never optional. */
export function readWaiver(at: Cursor): Waiver {
  const members = readObject(at, waiverKeys)
  const justification = members.get('justification')
  const named = members.get('package')
  if (named !== undefined && typeof named.value === 'string' && parsePurl(named.value.trim()) === undefined)
    fault(named, 'has to be a purl such as pkg:deb/debian/openssl')
  return {
    id: readText(required(at, members, 'id')),
    vulnerability: readText(required(at, members, 'vulnerability')),
    ...optional(members, ['package', 'path', 'image']),
    ...(justification !== undefined && { justification: readWord(justification, justifications) }),
    reason: readText(required(at, members, 'reason')),
    requestedBy: readText(required(at, members, 'requestedBy')),
    approvedBy: readText(required(at, members, 'approvedBy')),
    expires: readDay(required(at, members, 'expires')),
    endsWhen: readList(members.get('endsWhen')).map(item => readWord(item, waiverEnds)),
  }
}

function optional(members: ReadonlyMap<string, Cursor>, keys: readonly string[]): Record<string, string> {
  const present = keys.filter(key => members.has(key))
  return Object.fromEntries(present.map(key => [key, readText(members.get(key))]))
}
