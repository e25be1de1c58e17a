import type { CompilePattern } from '#lib/linear-pattern.ts'
import { type Stage, stages } from '#model/stage.ts'
import { verdictStatuses } from '#model/verdict.ts'
import { type Condition, compileCondition } from './condition.ts'
import { day, parseTime } from './duration.ts'
import {
  type Cursor,
  fault,
  readDuration,
  readInteger,
  readList,
  readObject,
  readText,
  readWord,
  required,
  throwFaults,
} from './faults.ts'
import { readWaiver } from './read-waiver.ts'
import {
  type DataLimits,
  type Grace,
  graceStarts,
  type IncompleteAction,
  incompleteActions,
  type Policy,
  type PolicyTest,
  type Rule,
  ruleActions,
  type Scope,
  type Selector,
  type StageAction,
} from './types.ts'

/** The age from which advisories are too old where a policy does not say. */
const defaultMaxAdvisoryAge = 7 * day

/**
 * Reads a policy document that was parsed to plain values. `name` is what messages call it. Throws a `Failure` with the
 * code `policy/invalid` that lists everything that is wrong, each with its path in the document. A policy that uses
 * patterns needs `compilePattern`, which takes a while to load.
 */
export function readPolicy(value: unknown, name: string, compilePattern?: CompilePattern): Policy {
  const faults: string[] = []
  const policy = readDocument({ value, path: '', faults, compilePattern })
  throwFaults(faults, name)
  return policy
}

const documentKeys = ['apiVersion', 'kind', 'metadata', 'scope', 'data', 'onIncomplete', 'rules', 'waivers', 'tests']

function readDocument(at: Cursor): Policy {
  const members = readObject(at, documentKeys)
  readWord(required(at, members, 'apiVersion'), ['sluice/v1'])
  readWord(required(at, members, 'kind'), ['Policy'])
  const rules = readList(members.get('rules')).map(readRule)
  const waivers = readList(members.get('waivers')).map(readWaiver)
  unique(at, 'rules', rules)
  unique(at, 'waivers', waivers)
  return {
    metadata: readMetadata(required(at, members, 'metadata')),
    scope: readScope(members.get('scope')),
    data: readData(members.get('data')),
    onIncomplete: readOnIncomplete(members.get('onIncomplete')),
    rules,
    waivers,
    tests: readList(members.get('tests')).map(readTest),
  }
}

function unique(at: Cursor, list: string, items: readonly { readonly id: string }[]): void {
  const seen = new Set<string>()
  for (const { id } of items) {
    if (id !== '' && seen.has(id)) fault(at, `has two ${list} with the id ${id}`)
    seen.add(id)
  }
}

function readMetadata(at: Cursor | undefined): Policy['metadata'] {
  if (at === undefined) return { name: '', version: 0 }
  const members = readObject(at, ['name', 'version', 'owner', 'description'])
  const owner = members.get('owner')
  const description = members.get('description')
  return {
    name: readText(required(at, members, 'name')),
    version: readInteger(required(at, members, 'version'), 0, Number.MAX_SAFE_INTEGER),
    ...(owner !== undefined && { owner: readText(owner) }),
    ...(description !== undefined && { description: readText(description) }),
  }
}

function readScope(at: Cursor | undefined): Scope {
  if (at === undefined) return { include: [], exclude: [] }
  const members = readObject(at, ['include', 'exclude'])
  return {
    include: readList(members.get('include')).map(readSelector),
    exclude: readList(members.get('exclude')).map(readSelector),
  }
}

function readSelector(at: Cursor): Selector {
  const members = readObject(at, ['repository', 'label', 'path'])
  if (members.size === 0) fault(at, 'needs repository, label or path')
  return Object.fromEntries([...members].map(([key, cursor]) => [key, readText(cursor)]))
}

function readData(at: Cursor | undefined): DataLimits {
  if (at === undefined) return { maxAdvisoryAge: defaultMaxAdvisoryAge }
  const members = readObject(at, ['maxAdvisoryAge', 'maxFactsAge'])
  const advisories = members.get('maxAdvisoryAge')
  const facts = members.get('maxFactsAge')
  return {
    maxAdvisoryAge: advisories === undefined ? defaultMaxAdvisoryAge : readDuration(advisories),
    ...(facts !== undefined && { maxFactsAge: readDuration(facts) }),
  }
}

function readOnIncomplete(at: Cursor | undefined): Record<Stage, IncompleteAction> {
  const members: ReadonlyMap<string, Cursor> = at === undefined ? new Map() : readObject(at, stages)
  const action = (stage: Stage): IncompleteAction => {
    const cursor = members.get(stage)
    return cursor === undefined ? 'fail' : readWord(cursor, incompleteActions)
  }
  return {
    dev: action('dev'),
    build: action('build'),
    registry: action('registry'),
    deploy: action('deploy'),
    runtime: action('runtime'),
  }
}

function readRule(at: Cursor): Rule {
  const members = readObject(at, ['id', 'title', 'when', 'grace', 'stages', 'help'])
  const grace = members.get('grace')
  const help = members.get('help')
  return {
    id: readText(required(at, members, 'id')),
    title: readText(required(at, members, 'title')),
    when: readCondition(required(at, members, 'when')),
    ...(grace !== undefined && { grace: readGrace(grace) }),
    stages: readStages(required(at, members, 'stages')),
    ...(help !== undefined && { help: readText(help) }),
  }
}

function readCondition(at: Cursor | undefined): Condition {
  // `when: true` is a boolean to YAML and an expression to everybody else.
  const source = typeof at?.value === 'boolean' ? String(at.value) : readText(at)
  const condition = compileCondition(source === '' ? 'false' : source, at?.compilePattern)
  if (!('error' in condition)) return condition
  if (at !== undefined) fault(at, `cannot be used: ${condition.error}`)
  return { source, reads: [], evaluate: () => condition }
}

function readGrace(at: Cursor): Grace {
  const members = readObject(at, ['from', 'days', 'unless'])
  const unless = members.get('unless')
  return {
    from: readWord(required(at, members, 'from'), graceStarts),
    days: readInteger(required(at, members, 'days'), 1, 3650),
    ...(unless !== undefined && { unless: readCondition(unless) }),
  }
}

function readStages(at: Cursor | undefined): Map<Stage, StageAction> {
  const actions = new Map<Stage, StageAction>()
  if (at === undefined) return actions
  const members = readObject(at, stages)
  if (members.size === 0) fault(at, `needs at least one of ${stages.join(', ')}`)
  for (const stage of stages) {
    const cursor = members.get(stage)
    if (cursor !== undefined) actions.set(stage, readAction(cursor))
  }
  return actions
}

function readAction(at: Cursor): StageAction {
  if (typeof at.value !== 'object' || at.value === null) return { action: readWord(at, ruleActions) }
  const members = readObject(at, ['then', 'replaceWithin'])
  const within = members.get('replaceWithin')
  return {
    action: readWord(required(at, members, 'then'), ruleActions),
    ...(within !== undefined && { replaceWithin: readDuration(within) }),
  }
}

function readTest(at: Cursor): PolicyTest {
  const members = readObject(at, ['name', 'facts', 'stage', 'expect', 'because', 'at'])
  const clock = members.get('at')
  if (clock !== undefined && parseTime(readText(clock)) === undefined)
    fault(clock, 'has to be a time such as 2026-08-01T12:00:00Z')
  return {
    name: readText(required(at, members, 'name')),
    facts: readText(required(at, members, 'facts')),
    stage: readWord(required(at, members, 'stage'), stages),
    expect: readWord(required(at, members, 'expect'), verdictStatuses),
    because: readList(members.get('because')).map(readText),
    ...(clock !== undefined && { at: readText(clock) }),
  }
}
