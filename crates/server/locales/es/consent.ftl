# Lo que se le permitiría a una aplicación, y los dos botones.

consent-heading = { $client } pide usar tu cuenta
consent-heading-device = Una aplicación de tu dispositivo pide usar tu cuenta
consent-client = Aplicación
consent-account = Cuenta
consent-client-check = Continúa solo si conoces esta dirección.
consent-client-check-device = Continúa solo si acabas de abrirla tú.
consent-picker = Usar otra cuenta
consent-permissions = Si aceptas, podrá
consent-new = Nuevo desde el { $date }: podrá
consent-rest = Como hasta ahora, podrá
consent-nothing-new = Ya aceptaste todo esto el { $date }.
consent-narrow = Desmarca lo que no quieras permitir.
consent-mark-new = Nuevo
consent-mark-declined = La última vez lo rechazaste
consent-set-parts =
    { $count ->
        [one] Contiene un permiso
       *[other] Contiene { $count } permisos
    }
consent-set-empty = Por el momento no contiene nada.
consent-touches-account = Tu cuenta
consent-touches-all = Todas las aplicaciones
consent-touches-files = Archivos
consent-careful = Cuidado:
cannot = No podrá { $things }.
cannot-delete = eliminar tu cuenta
cannot-email = ver tu correo electrónico
cannot-identity = cambiar tu nombre de usuario
cannot-join = {", "}
cannot-join-last = {" ni "}
cannot-write-elsewhere = cambiar los registros de otras aplicaciones
consent-scopes = Los scopes exactos
consent-next-host = A continuación irás a { $host }.
consent-next-device = A continuación volverás a la aplicación de tu dispositivo.
consent-next-app = A continuación se abrirá la aplicación «{ $scheme }» en tu dispositivo.
consent-password-stays = Tu contraseña se queda aquí.
consent-approve = Aceptar
consent-deny = Rechazar
consent-sets-changed = Lo que pide la aplicación ha cambiado mientras esta página estaba abierta. Míralo otra vez.
consent-undecided = Elige uno de los dos botones de abajo.
