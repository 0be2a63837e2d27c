factor-heading-sign-in = Un paso más
factor-heading-step-up = Confirma que eres tú
factor-lead-sign-in = para iniciar sesión como { $account }
factor-lead-step-up = Lo que vas a hacer es importante, así que { $account } tiene que demostrarse una vez más.
factor-code = Código
factor-hint-totp = Los seis dígitos que muestra tu aplicación de autenticación.
factor-hint-totp-recovery = Los seis dígitos que muestra tu aplicación de autenticación, o uno de tus códigos de recuperación.
factor-hint-recovery = Uno de tus códigos de recuperación.
factor-submit = Continuar
factor-refused-passkey = Esta llave no es de esta cuenta, se quitó o tardó demasiado.
factor-refused-empty = Escribe un código.
factor-refused-empty-password = Escribe tu contraseña.
factor-refused-too-many =
    { $minutes ->
        [one] Hubo demasiados intentos. Vuelve a intentarlo dentro de un minuto.
       *[other] Hubo demasiados intentos. Vuelve a intentarlo dentro de { $minutes } minutos.
    }
factor-refused-wrong = Este código no es correcto o ya se usó. Espera al siguiente.
factor-refused-wrong-password = Esta no es la contraseña.

factors-heading = Segundos factores
factors-why = Con un segundo factor, tu contraseña por sí sola no deja entrar a nadie. Se te pide al iniciar sesión y antes de hacer algo importante.
factors-kind-email = Código por correo electrónico
factors-kind-passkey = Llave de acceso
factors-kind-totp = Aplicación de autenticación
factors-added = Añadido
factors-used = Último uso
factors-remove = Quitar
factors-passkey-hint = Tu dispositivo o una llave de seguridad. También te deja iniciar sesión sin contraseña.
factors-passkey-add = Añadir una llave de acceso
factors-totp-hint = Una aplicación de tu teléfono muestra seis dígitos que cambian cada medio minuto.
factors-totp-add = Añadir una aplicación de autenticación
factors-recovery = Códigos de recuperación
factors-recovery-left =
    { $count ->
        [0] No queda ninguno.
        [one] Queda uno. Cada uno vale una vez, cuando hayas perdido todo lo demás.
       *[other] Quedan { $count }. Cada uno vale una vez, cuando hayas perdido todo lo demás.
    }
factors-recovery-renew = Crear otros nuevos
factors-done-added = Añadido. A partir de ahora se te pedirá.
factors-done-removed = Quitado.

totp-heading = Añadir una aplicación de autenticación
totp-scan = Escanea esto con tu aplicación de autenticación.
totp-picture = Un código QR que contiene la clave de abajo
totp-type = O escribe en ella esta clave:
totp-code-hint = Los seis dígitos que muestra entonces.
totp-submit = Añadir
totp-cancel = Volver sin añadirla

recovery-heading = Tus códigos de recuperación
recovery-what = Cuando hayas perdido tu segundo factor, uno de estos te permite iniciar sesión, cada uno una vez.
recovery-once = Anótalos ahora. No se volverán a mostrar.
recovery-done = Los he anotado

# Making a passkey, and using one.
passkey-heading = Añadir una llave de acceso
passkey-what = Tu dispositivo o tu gestor de contraseñas guarda la llave de acceso y te pide el dedo, la cara o un PIN cuando la usas. Solo sirve en este sitio.
passkey-name = Nombre
passkey-name-hint = Cómo la llamas, para encontrarla aquí: «Mi teléfono».
passkey-make = Crear la llave de acceso
passkey-refused = No llegó ninguna llave a tiempo o su respuesta no era correcta. Inténtalo de nuevo.
passkey-needs-script = Las llaves de acceso necesitan JavaScript. Permítelo en esta página o usa otra forma.
# The browser, or the person, said no.
passkey-failed = No funcionó o se canceló. Inténtalo de nuevo o usa otra forma.
passkey-use = Usar una llave de acceso
passkey-sign-in = Iniciar sesión con una llave de acceso

factor-heading-add-email = Códigos por correo
factor-lead-add-email = Enviamos un código a la dirección de correo de { $account }. Escríbelo aquí y desde ahora se pedirán esos códigos.
factor-send = Enviarme un código por correo
factor-sent = Un código va de camino a tu dirección de correo.
factor-hint-email = El código que enviamos a tu dirección de correo.
factors-email-hint = A quien inicia sesión se le envía un código a { $email }. Sirve de respaldo; una aplicación o una llave de acceso es más segura, pues quien lee tu correo también tiene esto.
factors-email-add = Enviar códigos por correo
