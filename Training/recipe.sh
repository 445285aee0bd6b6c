#!/bin/bash
# Makes all networks of Models from a folder of clips and images, with train/ and val/ in it:
#
#   recipe.sh DATA [STAGE ...]     pools, color, quality, vivid, motion, classifier (default: all, in this order)
#   recipe.sh --print DATA ...     prints the commands and runs nothing
#
# Pools that are there are left as they are, and trainings go on where they stopped: run it again after an interruption.
# PYTHON names a Python with PyTorch (default: .venv/bin/python, or python3).
set -euo pipefail

prints=
if [[ ${1:-} == --print ]]; then
    prints=yes
    shift
fi
if (($# == 0)) || [[ $1 == -* ]]; then
    sed -n '2,9s/^# \{0,1\}//p' "$0"
    exit 2
fi
data=$(realpath "$1")
shift
cd "$(dirname "$0")"
train=$data/train validation=$data/val
stages=("$@")
(($#)) || stages=(pools color quality vivid motion classifier)
python=${PYTHON:-$([[ -x .venv/bin/python ]] && echo .venv/bin/python || echo python3)}

# Fresh memory costs PyTorch page faults, a tenth of the time.
export MALLOC_MMAP_THRESHOLD_=8589934592 MALLOC_TRIM_THRESHOLD_=8589934592 GLIBC_TUNABLES=glibc.malloc.hugetlb=1

p() {
    printf '%q ' "$@" | sed 's/ $/\n/'
    [[ $prints ]] || "$python" -m gif2video_training."$@"
}

# pool MODULE OUT ARGUMENTS: makes cache/OUT.
pool() {
    local module=$1 out=cache/$2
    # The last files of a color pool and of a motion pool.
    if [[ ! $prints && (-e $out/samples.json || -e $out/time.npy) ]]; then
        echo "$out is there"
    else
        p "$module" "${@:3}" --out "$out"
    fi
}

# learn CONFIGURATION RUN ARGUMENTS: trains runs/RUN.
learn() {
    p train --config "configs/$1.json" --out "runs/$2" --resume "${@:3}"
}

# hard NAME KIND LOW HIGH COUNT SEED MAKERS: GIFs that the classifier took for the other kind, with LOW to HIGH colors.
hard() {
    pool color_pool "hard-$1" --data "$train" --even --seed "$6" --dither "$2" --colors "$3" "$4" --count "$5" \
        --makers "${@:7}"
}

# Runs of GIF frames and their originals; gifsicle's and ImageMagick's apart; small windows full of detail; flat art.
stage_pools() {
    local kind
    for kind in none dithered; do
        pool color_pool $kind --data "$train" --dither $kind --tools pillow ffmpeg --count 3000 --seed 11
        pool color_pool wild-$kind --data "$train" --dither $kind --tools gifsicle imagemagick --count 360 --even --seed 21
        pool color_pool gifsicle-$kind --data "$train" --dither $kind --tools gifsicle --even --count 300 --seed 31
        pool color_pool detail-$kind --data "$train" --dither $kind --even --scales 0.25 0.55 --count 400 --seed 41
        pool color_pool val-$kind --data "$validation" --dither $kind --validation
    done
    pool flat_pool flat --count 300
    # Drawn art, and twice as many smooth gradients, which are learned slowly.
    for kind in none dithered; do
        pool scenes.color_pool art-$kind --data "$train" --dither $kind --count 700 --seed 31
        pool scenes.color_pool gradients-$kind --data "$train" --dither $kind --kinds gradient --count 700 --seed 32
    done
    # The makers that flickered most in restored films.
    pool color_pool riemersma --data "$train" --dither dithered --count 240 --seed 122 \
        --makers imagemagick-riemersma ffmpeg-single-floyd_steinberg
    pool color_pool lossy --data "$train" --dither none --count 300 --seed 123 \
        --makers gifsicle-none-lossy20 gifsicle-none-lossy80 gifsicle-none-lossy200
    hard lossy none 8 40 240 1 gifsicle-none-lossy20 gifsicle-none-lossy80 gifsicle-none-lossy200
    hard few none 8 40 200 1 gifsicle-none
    hard none none 16 256 200 1 gifsicle-none pillow-none pillow-inexact
    hard ordered dithered 32 256 240 1 gifsicle-halftone gifsicle-squarehalftone gifsicle-diagonal gifsicle-o3 gifsicle-ro64
    # The GIFs that it still took for the other kind then.
    hard lossy-2 none 8 24 200 61 gifsicle-none-lossy80 gifsicle-none-lossy20
    hard many none 100 256 240 62 pillow-none pillow-inexact pillow-one-inexact
    hard ordered-2 dithered 32 256 200 63 gifsicle-halftone gifsicle-squarehalftone gifsicle-diagonal
    hard few-2 none 24 80 160 64 gifsicle-none ffmpeg-none
}

# Of 13 samples five of films by Pillow and ffmpeg, one by the other tools, one flat, two of drawn art, four of gradients.
mixture() {
    local name
    for name in "$1"{,,,,} "wild-$1" flat "art-$1"{,} "gradients-$1"{,,,}; do echo --pool "cache/$name"; done
}

stage_color() {
    # shellcheck disable=SC2046 # mixture prints words.
    learn ccdnet-live-dithered dithered $(mixture dithered) --pool cache/wild-none --pool cache/riemersma \
        --pool cache/lossy --validation cache/val-dithered --steps 60000
    p export runs/dithered/checkpoint.pt ../Models/live/ccdnet-dithered.safetensors --half \
        --card cards/ccdnet-live-dithered.json
    # shellcheck disable=SC2046
    learn ccdnet-live-none-first none-first $(mixture none) --validation cache/val-none --steps 30000
    # shellcheck disable=SC2046
    learn ccdnet-live-none none $(mixture none) --validation cache/val-none --start runs/none-first/checkpoint.pt --steps 5000
    p export runs/none/checkpoint.pt ../Models/live/ccdnet-none.safetensors --half \
        --card cards/ccdnet-live-none.json
}

# Networks of twice the width begin as what the live ones compute.
stage_quality() {
    # shellcheck disable=SC2046
    learn ccdnet-quality-dithered quality-dithered $(mixture dithered) --pool cache/wild-none \
        --validation cache/val-dithered --start runs/dithered/checkpoint.pt --steps 20000
    p export runs/quality-dithered/checkpoint.pt ../Models/quality/ccdnet-dithered.safetensors --half \
        --card cards/ccdnet-quality-dithered.json
    # shellcheck disable=SC2046
    learn ccdnet-quality-none quality-none $(mixture none) --validation cache/val-none \
        --start runs/none/checkpoint.pt --steps 20000
    p export runs/quality-none/checkpoint.pt ../Models/quality/ccdnet-none.safetensors --half \
        --card cards/ccdnet-quality-none.json
}

# The networks of quality, asked for colors and textures as strong as the film's.
stage_vivid() {
    local kind more=()
    for kind in none dithered; do
        [[ $kind == none ]] || more=(--pool cache/wild-none)
        # shellcheck disable=SC2046
        learn ccdnet-vivid-$kind vivid-$kind $(mixture $kind) "${more[@]}" --validation cache/val-$kind \
            --start runs/quality-$kind/checkpoint.pt --rate 6e-4 --steps 5000
        p export runs/vivid-$kind/checkpoint.pt ../Models/vivid/ccdnet-$kind.safetensors --half \
            --card cards/ccdnet-vivid-$kind.json
    done
}

# In-betweens, on frames that the color networks restored. Then the same with larger motion, which is found coarse to fine.
stage_motion() {
    pool motion_pool motion --data "$train" --models ../Models/live --count 5000
    pool motion_pool val-motion --data "$validation" --validation --window 256
    learn superslomo-live superslomo --pool cache/motion --validation cache/val-motion --minutes 42
    pool motion_pool motion-wide --data "$train" --models ../Models/live --count 4000 --seed 71 \
        --gap-weights 0.3 0.35 0.35 --motion-power 1
    learn superslomo-live-coarse superslomo-coarse --pool cache/motion-wide --validation cache/val-motion \
        --start runs/superslomo/checkpoint.pt --minutes 113
    # In-betweens for the eye: pictures are sampled cubically, the loss keeps edges and texture, generated scenes are a third
    # of the samples, and RIFE is a teacher. A search finds large motion from here on, and flows are projected.
    pool motion_pool motion-large --data "$train" --models ../Models/live --count 2600 --seed 171 \
        --gap-weights 0.2 0.35 0.45 --motion-power 1
    pool scenes.pool scenes --data "$train" --models ../Models/live --count 1600 --seed 5
    p teacher cache/motion-wide cache/motion-large cache/scenes
    learn superslomo-live-looks looks --pool cache/motion-wide --pool cache/motion-large --pool cache/scenes \
        --start runs/superslomo-coarse/checkpoint.pt --minutes 140
    p export runs/looks/checkpoint.pt ../Models/live/superslomo.safetensors --half --card cards/superslomo-live.json
    # The same weights, which look at the frames in four views.
    p export ../Models/live/superslomo.safetensors ../Models/quality/superslomo.safetensors --set '{"views": true}' \
        --profile quality --card cards/superslomo-quality.json
}

# Dithered or not; sees the network for dithered GIFs at work.
stage_classifier() {
    local kind name pools=()
    for kind in none dithered; do
        for name in "" wild- gifsicle- detail- detail-; do pools+=(--pool "cache/$name$kind"); done
    done
    for name in wild-none detail-none flat hard-none hard-none; do pools+=(--pool "cache/$name"); done
    for name in lossy few ordered lossy-2 many ordered-2 few-2; do pools+=(--pool "cache/hard-$name"); done
    learn dither-classifier-live classifier "${pools[@]}" --validation cache/val-none --steps 13000
    p export runs/classifier/checkpoint.pt ../Models/live/dither-classifier.safetensors --half \
        --card cards/dither-classifier-live.json
}

for stage in "${stages[@]}"; do
    case $stage in
    pools | color | quality | vivid | motion | classifier) "stage_$stage" ;;
    *)
        echo "recipe.sh: no stage $stage" >&2
        exit 2
        ;;
    esac
done
