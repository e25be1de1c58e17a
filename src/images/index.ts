import type { ImageSource } from './types.ts'

/** Every image source, in the order in which a name without a scheme is offered to them. */
export const imageSources: readonly ImageSource[] = []
