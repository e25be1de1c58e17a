/** Where the shipped policy is: a YAML file beside this one, for whoever may read files. Read it with `parsePolicy`. */
export const defaultPolicyFile: URL = new URL('./default.yaml', import.meta.url)

/** What messages and verdicts call it. */
export const defaultPolicyName = 'the default policy'
