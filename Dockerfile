# One image for every part of ManMan Backup; the command says which one runs.
#
#   node packages/control-plane/src/main.ts    the control plane (the default)
#   node packages/host-manager/src/main.ts     a host manager; games that it starts run in the same container
#   node packages/cli/src/main.ts              the admin tool
FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY packages packages
# What is optional is another Node and a PostgreSQL: the base image has the one, and the other runs beside.
RUN npm ci --omit=dev --omit=optional && npm cache clean --force
COPY migrations migrations
COPY scripts/health-check.ts scripts/
COPY LICENSE ./
# A named volume that is mounted here starts out with this owner.
RUN install -d -o node -g node -m 0750 /data
USER node
CMD ["node", "packages/control-plane/src/main.ts"]
