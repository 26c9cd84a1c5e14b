.PHONY: install
install: ## make .venv
	@scripts/install.sh
