/**
 * The one spelling of a distribution's name that all others compare equal to
 * (https://packaging.python.org/en/latest/specifications/name-normalization/): `Zope.Interface` is `zope-interface`.
 */
export function normalizeName(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replace(/[-_.]+/g, '-')
}
