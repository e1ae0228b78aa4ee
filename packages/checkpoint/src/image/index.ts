/** The image format: write, read and verify guests as files. */
export {
  formatVersion,
  type ImageFields,
  type ImageHeader,
  knownFeatures,
  readImageHeader,
  type SectionEntry,
} from './header.js';
export { checkCompatible, readImage, type Section, writeImage } from './image.js';
