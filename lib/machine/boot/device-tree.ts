/** Flattened device trees: the public face of the codec. */
export { buildDeviceTree } from './fdt/build.js';
export {
  cells,
  type DeviceTree,
  DeviceTreeError,
  type DeviceTreeNode,
  node,
  present,
  text,
  wideCells,
} from './fdt/format.js';
export { parseDeviceTree } from './fdt/parse.js';
