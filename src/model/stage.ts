/** Where a policy is applied, from the developer's machine to the running container. */
export const stages = ['dev', 'build', 'registry', 'deploy', 'runtime'] as const

export type Stage = (typeof stages)[number]
