/** What is measured: sections by name, their sizes, and the ways to move of each side. */

export const modes = {
  'stop-and-copy': { side: 'criu', name: 'CRIU, stop and copy' },
  'post-copy': { side: 'criu', name: 'CRIU, lazy pages' },
  godwit: { side: 'godwit', name: 'Godwit', paging: '' },
  whole: { side: 'godwit', name: 'Godwit, whole heaps', paging: '0' },
};

const usual = ['stop-and-copy', 'post-copy', 'godwit'];

export const sections = {
  timers: { title: 'Timers only', sizes: () => [0], unit: '', modes: usual, program: () => ({ kind: 'timers', megabytes: 0 }) },
  objects: {
    title: 'Objects, and a program that touches none of them',
    sizes: ({ sizes }) => sizes,
    unit: 'MB',
    modes: Object.keys(modes),
    program: (megabytes) => ({ kind: 'objects', megabytes }),
  },
  walk: {
    title: 'Objects, and a program that goes over all of them again and again',
    sizes: ({ sizes }) => sizes,
    unit: 'MB',
    modes: usual,
    program: (megabytes) => ({ kind: 'objects', megabytes, isWalking: true }),
  },
  buffers: {
    title: 'Buffers, and a program that touches none of them',
    sizes: ({ buffers }) => buffers,
    unit: 'MB',
    modes: usual,
    program: (megabytes) => ({ kind: 'buffers', megabytes }),
  },
  server: {
    title: 'A TCP server that sends back what it gets',
    sizes: ({ connections }) => connections,
    unit: 'connections',
    modes: usual,
    program: (connections) => ({ kind: 'server', megabytes: 0, connections }),
  },
};
