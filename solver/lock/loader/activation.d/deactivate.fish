# Made by Interlock (loader: activation): takes out of LD_LIBRARY_PATH and XLA_FLAGS what the activation put there.
begin
    set -l site "$CONDA_PREFIX/@SITE@"
    for folder in @FOLDERS@
        if set -l place (contains -i -- $folder $LD_LIBRARY_PATH)
            set -e LD_LIBRARY_PATH[$place]
        end
    end
    if set -q LD_LIBRARY_PATH; and not count $LD_LIBRARY_PATH >/dev/null
        set -e LD_LIBRARY_PATH
    end
    set -l flag "--xla_gpu_cuda_data_dir=\"$site/@XLA@\""
    if set -q XLA_FLAGS; and string match -q "*$flag*" -- "$XLA_FLAGS"
        set -gx XLA_FLAGS (string trim -- (string replace -- $flag '' "$XLA_FLAGS"))
        if test -z "$XLA_FLAGS"
            set -e XLA_FLAGS
        end
    end
end
