"""The reference drivers. Importing one registers it; `storagedriver.factory.create(name)` imports it by itself."""
