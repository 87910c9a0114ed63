#!/usr/bin/env node
console.log("manman");
