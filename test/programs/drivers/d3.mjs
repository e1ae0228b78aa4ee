// d3: forces, trees, treemaps, circles packed, triangulations, the sphere projected.
import { Delaunay } from 'd3-delaunay';
import { forceCollide, forceLink, forceManyBody, forceSimulation, forceX, forceY } from 'd3-force';
import {
  geoArea,
  geoConicEqualArea,
  geoContains,
  geoGraticule,
  geoInterpolate,
  geoMercator,
  geoOrthographic,
  geoPath,
} from 'd3-geo';
import { cluster, hierarchy, pack, partition, stratify, tree, treemap } from 'd3-hierarchy';
import { digest, pick, random, rounds } from './rounds.cjs';

for (let round = 0; round < rounds; round++) {
  const chance = random(round);
  const nodes = Array.from({ length: 150 }, (_, id) => ({ id }));
  const links = Array.from({ length: 250 }, () => ({ source: Math.floor(chance() * 150), target: Math.floor(chance() * 150) }));
  const simulation = forceSimulation(nodes)
    .stop()
    .randomSource(random(round + 1));
  simulation
    .force('charge', forceManyBody().strength(-20))
    .force('link', forceLink(links))
    .force('collide', forceCollide(3))
    .force('x', forceX())
    .force('y', forceY());
  simulation.tick(60);
  const places = nodes.map(({ x, y }) => `${x.toFixed(6)},${y.toFixed(6)}`).join();

  const rows = Array.from({ length: 400 }, (_, i) => ({
    id: String(i),
    parentId: i === 0 ? '' : String(Math.floor(chance() * i)),
    size: 1 + chance() * 9,
  }));
  const root = stratify()(rows)
    .sum((row) => row.size)
    .sort((a, b) => b.value - a.value || a.id - b.id);
  let shapes = '';
  for (const layout of [
    tree().size([100, 100]),
    cluster().size([9, 9]),
    treemap().size([200, 100]).padding(1),
    pack().size([50, 50]),
    partition().size([1, 1]),
  ]) {
    layout(root);
    root.eachAfter((node) => {
      shapes += `${node.depth} ${(node.x ?? node.x0).toFixed(4)} ${(node.y ?? node.y0).toFixed(4)} ${(node.r ?? 0).toFixed(4)};`;
    });
  }
  shapes += [...root].length + hierarchy(root.data).height + root.path(pick(chance, root.leaves())).length;

  const points = Array.from({ length: 600 }, () => [chance() * 100, chance() * 100]);
  const delaunay = Delaunay.from(points);
  const cells = [...delaunay.voronoi([0, 0, 100, 100]).cellPolygons()].map((cell) => cell.length).join('');
  const near = points.map(([x, y]) => delaunay.find(y, x)).join();

  const graticule = geoGraticule().step([7, 5])();
  const ring = Array.from({ length: 30 }, (_, i) =>
    geoInterpolate([chance() * 90, i], [-chance() * 90, chance() * 80])(chance()),
  );
  const area = { type: 'Polygon', coordinates: [[...ring, ring[0]]] };
  let paths = '';
  for (const projection of [
    geoOrthographic().rotate([round * 7, 20]),
    geoMercator().fitSize([300, 300], area),
    geoConicEqualArea(),
  ]) {
    const path = geoPath(projection);
    paths += path(graticule) + path(area) + path.centroid(area).map((n) => n.toFixed(3));
  }
  paths += geoArea(area).toFixed(6) + points.filter((point) => geoContains(area, point)).length;
  console.log(round, digest(places), digest(shapes), digest(cells), digest(near), digest(paths), paths.length);
}
