// three.js without a screen: geometries, curves, scenes, rays, animation, JSON there and back.
import * as THREE from 'three';
import { ConvexHull } from 'three/examples/jsm/math/ConvexHull.js';
import { MeshSurfaceSampler } from 'three/examples/jsm/math/MeshSurfaceSampler.js';
import { mergeVertices } from 'three/examples/jsm/utils/BufferGeometryUtils.js';
import { digest, pick, random, rounds } from './rounds.cjs';

const sum = (list) => {
  let total = 0;
  for (let i = 0; i < list.length; i++) total += list[i] * ((i % 7) + 1);
  return total.toFixed(4);
};
for (let round = 0; round < rounds; round++) {
  const chance = random(round);
  const scene = new THREE.Scene();
  const made = [
    new THREE.TorusKnotGeometry(1, 0.3, 60, 8, 2, 3),
    new THREE.IcosahedronGeometry(1, 3),
    new THREE.TubeGeometry(
      new THREE.CatmullRomCurve3(Array.from({ length: 8 }, () => new THREE.Vector3(chance(), chance(), chance()))),
      40,
      0.1,
      6,
    ),
    new THREE.ExtrudeGeometry(
      new THREE.Shape().moveTo(0, 0).lineTo(chance(), 1).quadraticCurveTo(1, 1, 1, 0).absarc(0.5, 0.5, 0.2, 0, 5),
      { depth: 0.4, steps: 3 },
    ),
    new THREE.LatheGeometry(
      Array.from({ length: 9 }, (_, i) => new THREE.Vector2(chance(), i / 9)),
      20,
    ),
  ];
  for (let i = 0; i < 30; i++) {
    const mesh = new THREE.Mesh(
      pick(chance, made),
      new THREE.MeshBasicMaterial({ color: Math.floor(chance() * 0xffffff), side: THREE.DoubleSide }),
    );
    mesh.uuid = `mesh-${round}-${i}`;
    mesh.position.set(chance() * 4 - 2, chance() * 4 - 2, chance() * 4 - 2);
    mesh.quaternion.setFromEuler(new THREE.Euler(chance(), chance(), chance(), pick(chance, ['XYZ', 'ZYX'])));
    (chance() < 0.5 ? scene : (pick(chance, scene.children) ?? scene)).add(mesh);
  }
  const mixer = new THREE.AnimationMixer(scene);
  const track = new THREE.VectorKeyframeTrack('.position', [0, 1, 2], Array.from({ length: 9 }, chance), THREE.InterpolateSmooth);
  mixer.clipAction(new THREE.AnimationClip('c', 2, [track])).play();
  const camera = new THREE.PerspectiveCamera(50, 1.5, 0.1, 100);
  camera.position.set(0, 0, 6);
  camera.lookAt(0, 0, 0);
  let hits = '';
  const ray = new THREE.Raycaster();
  for (let i = 0; i < 10; i++) {
    mixer.update(chance());
    scene.updateMatrixWorld(true);
    camera.updateMatrixWorld(true);
    ray.setFromCamera(new THREE.Vector2(chance() * 2 - 1, chance() * 2 - 1), camera);
    hits += ray
      .intersectObject(scene, true)
      .map((hit) => `${hit.object.uuid} ${hit.distance.toFixed(5)} ${hit.faceIndex}`)
      .join();
  }
  const hull = new ConvexHull().setFromObject(scene);
  const sampler = new MeshSurfaceSampler(scene.children[0]).setRandomGenerator(chance).build();
  const point = new THREE.Vector3();
  const samples = Array.from({ length: 50 }, () => {
    sampler.sample(point);
    return point.toArray().map((n) => n.toFixed(4));
  }).join();
  const json = JSON.stringify(scene.toJSON());
  const again = new THREE.ObjectLoader().parse(JSON.parse(json));
  const box = new THREE.Box3().setFromObject(again);
  const merged = made.map((geometry) => mergeVertices(geometry).attributes.position.count).join();
  console.log(
    round,
    sum(made[2].attributes.position.array),
    digest(hits),
    hull.faces.length,
    digest(samples),
    merged,
    digest(json),
    json.length,
    box.max
      .toArray()
      .map((n) => n.toFixed(4))
      .join(),
  );
}
