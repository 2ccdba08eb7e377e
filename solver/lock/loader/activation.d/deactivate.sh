# Made by Interlock (loader: activation): takes out of LD_LIBRARY_PATH and XLA_FLAGS what the activation put there.
__interlock_site="${INTERLOCK_PREFIX:-$CONDA_PREFIX}/@SITE@"
__interlock_folders="@FOLDERS@"
__interlock_left=":${LD_LIBRARY_PATH-}:"
case "${__interlock_folders:+$__interlock_left}" in
    *":$__interlock_folders:"*)
        __interlock_left="${__interlock_left%%":$__interlock_folders:"*}:${__interlock_left#*":$__interlock_folders:"}"
        __interlock_left="${__interlock_left#:}"
        export LD_LIBRARY_PATH="${__interlock_left%:}"
        if [ -z "$LD_LIBRARY_PATH" ]; then unset LD_LIBRARY_PATH; fi ;;
esac
__interlock_flag="--xla_gpu_cuda_data_dir=\"$__interlock_site/@XLA@\""
__interlock_left=" ${XLA_FLAGS-} "
case "$__interlock_left" in
    *" $__interlock_flag "*)
        __interlock_left="${__interlock_left%%" $__interlock_flag "*} ${__interlock_left#*" $__interlock_flag "}"
        __interlock_left="${__interlock_left# }"
        export XLA_FLAGS="${__interlock_left% }"
        if [ -z "$XLA_FLAGS" ]; then unset XLA_FLAGS; fi ;;
esac
unset __interlock_site __interlock_folders __interlock_left __interlock_flag
