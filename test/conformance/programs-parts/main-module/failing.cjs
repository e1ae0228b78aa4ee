exports.begun = module.id;
throw new Error(`failed ${module.loaded}`);
