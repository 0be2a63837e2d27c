# La página de lo que ocurrió con una cuenta.

security-log-heading = Registro de seguridad
security-log-hint = Lo que ocurrió con tu cuenta en el último medio año. Si algo de esto no fuiste tú, elige una contraseña nueva y termina todo lo que no conozcas.
security-log-none = Aún no se ha anotado nada.
security-log-download = Descargar todo como JSON
security-log-more = Las entradas más antiguas están en la descarga.
security-log-at = Cuándo
security-log-through = Con
security-log-place = Desde la red
security-log-client = { $client }
security-log-app-password-created = Contraseña de aplicación creada: { $subject }
security-log-app-password-used = Inicio de sesión con la contraseña de aplicación { $subject }
security-log-email-changed = Dirección de correo cambiada
security-log-factor-added = Segundo factor añadido
security-log-factor-removed = Segundo factor eliminado
security-log-factor-wrong = Contraseña correcta, pero segundo factor incorrecto
security-log-grant = Una aplicación recibió acceso
security-log-new-network = Se renovó el acceso desde una red no vista antes
security-log-password-changed = Contraseña cambiada
security-log-password-session = Un programa inició sesión con tu contraseña
security-log-scope-refused = A una aplicación se le denegó lo que no permitiste
security-log-set-changed = Cambió lo que { $subject } da a una aplicación
security-log-sign-in = Inicio de sesión en un navegador
