# Made by Interlock (loader: activation): TensorFlow finds the CUDA libraries of this environment by LD_LIBRARY_PATH.
# So does every other program that is started in it. INTERLOCK_LOADER=off, set before the activation, turns it off.
if [ "${INTERLOCK_LOADER-}" != off ]; then
    __interlock_site="${INTERLOCK_PREFIX:-$CONDA_PREFIX}/@SITE@"
    __interlock_folders="@FOLDERS@"
    # Nothing is put there twice, and nothing where no folder is needed.
    case "${__interlock_folders:-none}:${LD_LIBRARY_PATH-}:" in
        none:*|*":$__interlock_folders:"*) ;;
        *) export LD_LIBRARY_PATH="$__interlock_folders${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" ;;
    esac
    case "@XLA@/${XLA_FLAGS-}" in
        /*|*xla_gpu_cuda_data_dir*) ;;
        "@XLA@/"|"@XLA@/-"*)
            export XLA_FLAGS="${XLA_FLAGS:+$XLA_FLAGS }--xla_gpu_cuda_data_dir=\"$__interlock_site/@XLA@\"" ;;
    esac
    unset __interlock_site __interlock_folders
fi
