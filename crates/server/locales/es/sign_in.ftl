# El formulario de inicio de sesión.

sign-in-heading = Iniciar sesión
sign-in-for = para continuar a { $client }
sign-in-for-device = para continuar a una aplicación de tu dispositivo
sign-in-identifier = Nombre de usuario o correo electrónico
sign-in-password = Contraseña
sign-in-remember = Recordarme en este dispositivo
sign-in-remember-hint = Durante siete días. No lo marques en un dispositivo que usen otras personas.
sign-in-submit = Iniciar sesión
# A link to the page for a new password.
sign-in-forgot = ¿Olvidaste tu contraseña?
sign-in-picker = Elegir una cuenta con sesión iniciada aquí
sign-in-password-stays = Tu contraseña se queda aquí: { $client } nunca la ve.
sign-in-password-stays-device = Tu contraseña se queda aquí: la aplicación nunca la ve.

sign-in-refused-empty = Escribe tu nombre de usuario o tu correo electrónico, y tu contraseña.
sign-in-refused-other-account = La aplicación ha pedido otra cuenta. Inicia sesión como { $account }, o vuelve y elige allí otra cuenta.
sign-in-refused-too-many =
    { $minutes ->
        [one] Demasiados intentos. Vuelve a intentarlo dentro de un minuto.
       *[other] Demasiados intentos. Vuelve a intentarlo dentro de { $minutes } minutos.
    }
sign-in-refused-wrong = El nombre de usuario o la contraseña no son correctos. Las contraseñas de aplicación no sirven aquí: usa la de la cuenta.
sign-in-refused-over = Pasó demasiado tiempo o hubo demasiados códigos incorrectos. Inicia sesión de nuevo.
sign-in-refused-passkey = Ninguna cuenta de aquí tiene esta llave, o tardó demasiado. Inténtalo de nuevo o inicia sesión con tu contraseña.
