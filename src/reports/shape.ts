import { asObject, type JsonObject } from '#lib/json.ts'

/** Looks at one value and says what is wrong with it, or nothing. `path` is where it is, for the message. */
export type Shape = (value: unknown, path: string) => string | undefined

/** Text. */
export const text: Shape = (value, path) => (typeof value === 'string' ? undefined : `${path} is not text`)

/** A finite number. */
export const number: Shape = (value, path) => (Number.isFinite(value) ? undefined : `${path} is not a number`)

/** True or false. */
export const flag: Shape = (value, path) => (typeof value === 'boolean' ? undefined : `${path} is not true or false`)

/** One of a closed set of words. */
export function word(...words: readonly string[]): Shape {
  return (value, path) => (words.includes(value as string) ? undefined : `${path} is not one of ${words.join(', ')}`)
}

/** A list whose elements all have the shape. */
export function list(of: Shape): Shape {
  return (value, path) => {
    if (!Array.isArray(value)) return `${path} is not a list`
    for (const [index, element] of value.entries()) {
      const wrong = of(element, `${path}[${index}]`)
      if (wrong !== undefined) return wrong
    }
    return undefined
  }
}

/** An object with these members, and with those where it has them. Other members are let be. */
export function object(
  members: Readonly<Record<string, Shape>>,
  optional: Readonly<Record<string, Shape>> = {},
): Shape {
  return (value, path) => {
    const given = asObject(value)
    if (given === undefined) return `${path} is not an object`
    for (const [key, shape] of Object.entries(members)) {
      const wrong = Object.hasOwn(given, key) ? shape(given[key], `${path}.${key}`) : `${path} has no ${key}`
      if (wrong !== undefined) return wrong
    }
    for (const [key, shape] of Object.entries(optional)) {
      const wrong = Object.hasOwn(given, key) ? shape(given[key], `${path}.${key}`) : undefined
      if (wrong !== undefined) return wrong
    }
    return undefined
  }
}

/** An object whose members all have the shape, whatever their names. */
export function record(of: Shape): Shape {
  return (value, path) => {
    const given: JsonObject | undefined = asObject(value)
    if (given === undefined) return `${path} is not an object`
    for (const key of Object.keys(given)) {
      const wrong = of(given[key], `${path}[${JSON.stringify(key)}]`)
      if (wrong !== undefined) return wrong
    }
    return undefined
  }
}
